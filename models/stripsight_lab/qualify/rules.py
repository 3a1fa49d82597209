"""Each acceptance criterion held against what was found. Pure."""

import math
from collections.abc import Iterator, Sequence

from stripsight_lab.evaluate.evaluation import InferenceTime
from stripsight_lab.evaluate.runs import RunTable
from stripsight_lab.qualify import words
from stripsight_lab.qualify.criteria import Change, Criteria
from stripsight_lab.qualify.determinism import Determinism
from stripsight_lab.qualify.knapp import KnappKushner
from stripsight_lab.qualify.outcomes import Findings, Met, Outcome
from stripsight_lab.qualify.overlap import Overlap
from stripsight_lab.tune.rates import Rate

_BEYOND = "The interval reaches beyond the limit: more units are needed to be sure."


def outcomes(criteria: Criteria, found: Findings) -> Iterator[Outcome]:
    """Hold every criterion against the findings, in the order of the report."""
    by_bound = criteria.judged_by == "bound"
    above = f", severity {criteria.least_severity:.2f} and above" if criteria.least_severity else ""
    yield _at_least(f"Detection rate{above}", found.detection, criteria.detection_rate_min, by_bound)
    yield _at_most("False-reject rate", found.false_reject, criteria.false_reject_rate_max, by_bound)
    yield from _policy(criteria, found.runs, by_bound)
    if criteria.rze_at_least_manual:
        yield _efficiency(found.knapp, found.inspectors, by_bound)
    yield from _repeatable(criteria, found.determinism)
    yield _apart(found.overlaps)
    yield _unchanged(found.changes)
    if found.time or criteria.inference_ms:
        yield _time(criteria, found.time)


def _at_least(name: str, rate: Rate, least: float, by_bound: bool) -> Outcome:
    met, sure = (rate.low if by_bound else rate.value) >= least, rate.low >= least
    return _of_rate(name, f"at least {least:.3f}", rate, met=met, sure=sure)


def _at_most(name: str, rate: Rate, most: float, by_bound: bool) -> Outcome:
    met, sure = (rate.high if by_bound else rate.value) <= most, rate.high <= most
    return _of_rate(name, f"at most {most:.3f}", rate, met=met, sure=sure)


def _of_rate(name: str, limit: str, rate: Rate, *, met: bool, sure: bool) -> Outcome:
    if not rate.total:
        return _not_shown(name, limit, "no such acquisition in the kit")
    found = f"{words.count(rate)} = {words.share(rate.value)}"
    return Outcome(name, limit, found, words.rate_interval(rate), _met(met), _BEYOND if met and not sure else "")


def _met(met: bool) -> Met:
    return Met.MET if met else Met.NOT_MET


def _not_shown(name: str, limit: str, why: str) -> Outcome:
    return Outcome(name, limit, why, words.NOTHING, Met.NOT_SHOWN)


def _policy(criteria: Criteria, runs: RunTable | None, by_bound: bool) -> Iterator[Outcome]:
    """The paper's policy: a unit is rightly judged when 7 of its 10 runs are."""
    least, most = criteria.policy_detection_rate_min, criteria.policy_false_reject_rate_max
    found = f"{runs.least} of {runs.runs} runs" if runs else "7 of 10 runs"
    detected, unconfirmed = f"Defective units rejected in {found}", f"Good units not accepted in {found}"
    why = "the kit was not acquired in 10 runs"
    if least is not None:
        limit = f"at least {least:.3f}"
        yield _at_least(detected, runs.detection, least, by_bound) if runs else _not_shown(detected, limit, why)
    if most is not None:
        limit = f"at most {most:.3f}"
        yield (
            _at_most(unconfirmed, runs.good_unconfirmed, most, by_bound)
            if runs
            else _not_shown(unconfirmed, limit, why)
        )


def _efficiency(found: KnappKushner | None, inspectors: str, by_bound: bool) -> Outcome:
    name, limit = "Reject-zone efficiency (RZE)", "at least the manual one"
    if found is None:
        return _not_shown(name, limit, "no manual results")
    if found.qualifies is None:
        return Outcome(name, limit, "no unit in the manual reject zone", words.NOTHING, Met.NOT_SHOWN, manual=True)
    sure = found.difference.low >= 0
    texts = f"{words.share(found.rze_machine.value)} against {words.share(found.rze_manual.value)} by {inspectors}"
    met = sure if by_bound else found.qualifies
    note = "" if sure or not met else "The interval of the difference reaches below 0."
    return Outcome(
        name, limit, texts, f"difference {words.signed_span(found.difference)}", _met(met), note, manual=True
    )


def _repeatable(criteria: Criteria, found: Determinism | None) -> Iterator[Outcome]:
    spread, turn = "Spread of one patch's score", "Verdicts that this spread could turn"
    limits = f"at most {words.small(criteria.score_spread_max)}", f"at most {criteria.verdicts_within_spread_max}"
    if found is None:
        yield from (_not_shown(name, limit, "not measured") for name, limit in zip((spread, turn), limits, strict=True))
        return
    alike = found.spread <= criteria.score_spread_max
    few = math.isfinite(found.spread) and found.verdicts_within <= criteria.verdicts_within_spread_max
    yield Outcome(spread, limits[0], words.small(found.spread), words.NOTHING, _met(alike))
    yield Outcome(turn, limits[1], f"{found.verdicts_within}/{found.acquisitions}", words.NOTHING, _met(few))


def _apart(overlaps: Sequence[Overlap]) -> Outcome:
    name, limit = "Training, tuning and test kit share nothing", "nothing shared"
    if not overlaps:
        return _not_shown(name, limit, "not compared")
    shared = [f"{overlap.shared} {overlap.what}" for overlap in overlaps if overlap.shared]
    empty = [overlap.what for overlap in overlaps if not overlap.passed and not overlap.shared]
    if shared:
        return Outcome(name, limit, ", ".join(shared) + " shared", words.NOTHING, Met.NOT_MET)
    if empty:
        return _not_shown(name, limit, f"nothing to compare: {', '.join(empty)}")
    return Outcome(
        name, limit, "nothing shared", words.NOTHING, Met.MET, ", ".join(o.what for o in overlaps) + " compared"
    )


def _unchanged(changes: Sequence[Change]) -> Outcome:
    found = ", ".join(change.name for change in changes)
    texts = f"changed: {found}" if changes else "unchanged"
    return Outcome("Criteria as written down before the test", "unchanged", texts, words.NOTHING, _met(not changes))


def _time(criteria: Criteria, time: InferenceTime | None) -> Outcome:
    limit = f"at most {criteria.inference_ms:g} ms" if criteria.inference_ms else "no limit"
    texts = f"{1000 * time.mean_s:.0f} ms" if time else "not measured"
    return Outcome("Inference of one strip, mean", limit, texts, words.NOTHING, Met.INFORMATION)
