"""What the machine kept of each strip, and the figures over all of them. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stripsight_lab.evaluate import Rate


@dataclass(frozen=True)
class Truth:
    """What the strip really is: the kind of its defect ("" for a good one), its vial, severity (0 to 1)."""

    kind: str = ""
    vial: str = ""
    severity: float = 0.0

    @property
    def defective(self) -> bool:
        """Whether the strip has a defect."""
        return bool(self.kind)


@dataclass(frozen=True)
class Decider:
    """The region of a strip that came closest to its threshold, or went furthest past it."""

    vial: str
    region: str
    frame: int
    score: float
    threshold: float

    @property
    def margin(self) -> float:
        """threshold - score: above 0 when accepted."""
        return self.threshold - self.score

    @property
    def strain(self) -> float:
        """score / threshold, so that regions compare; infinite for a score that is not finite."""
        return self.score / self.threshold if math.isfinite(self.score) else math.inf


class Outcome(StrEnum):
    """What was done with a strip, set against what it is."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    MISSED = "MISSED DEFECT"
    FALSE_REJECT = "FALSE REJECT"
    NOT_JUDGED = "NOT JUDGED"


@dataclass(frozen=True)
class Result:
    """One strip: the truth, the answer, and what the machine did with it.

    `accepted` is what the machine did. `verdict` is the answer's own word, "" without an answer; then `error`
    says why. Times are in milliseconds; `round_trip_ms` runs from the moment the strip was due.
    """

    strip_seq: int
    strip_id: str
    truth: Truth
    due_ms: float
    round_trip_ms: float
    accepted: bool
    late: bool
    verdict: str = ""
    causes: tuple[str, ...] = ()
    decider: Decider | None = None
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    error: str = ""

    @property
    def fail_safe(self) -> bool:
        """Rejected for want of an answer that holds, not for what the strip shows."""
        return not self.accepted and (self.late or self.verdict != "REJECT")

    @property
    def outcome(self) -> Outcome:
        """The machine's act against the truth."""
        if self.fail_safe:
            return Outcome.NOT_JUDGED
        if self.truth.defective:
            return Outcome.MISSED if self.accepted else Outcome.REJECTED
        return Outcome.ACCEPTED if self.accepted else Outcome.FALSE_REJECT

    @property
    def misjudged(self) -> bool:
        """Whether the answer was wrong: a defect kept or a good strip removed for what it shows."""
        return self.outcome in {Outcome.MISSED, Outcome.FALSE_REJECT}


@dataclass(frozen=True)
class Spread:
    """Percentiles of some times, by nearest rank: each is a time that was measured."""

    p50: float
    p99: float
    largest: float


def spread(values: Iterable[float]) -> Spread | None:
    """The percentiles of `values`; None when there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    ranks = [math.ceil(share * len(ordered)) for share in (0.50, 0.99)]
    return Spread(ordered[ranks[0] - 1], ordered[ranks[1] - 1], ordered[-1])


@dataclass(frozen=True)
class Summary:
    """The figures of a run. A strip that is removed counts as rejected, whatever the reason."""

    detection: Rate
    false_reject: Rate
    right_vial: Rate
    """Of the defective strips rejected for what they show: the deciding region is in the defect's vial."""
    late: int
    fail_safe: int
    round_trip: Spread | None
    """Over the strips that the server took on; one that it refused at once says nothing about its speed."""
    stages: dict[str, Spread]


def summarise(results: Sequence[Result]) -> Summary:
    """Count and sort the results of a run."""
    defective = [result for result in results if result.truth.defective]
    good = [result for result in results if not result.truth.defective]
    pointed = [result for result in defective if result.decider and not (result.accepted or result.fail_safe)]
    return Summary(
        detection=_rate(not result.accepted for result in defective),
        false_reject=_rate(not result.accepted for result in good),
        right_vial=_rate(r.decider is not None and r.decider.vial == r.truth.vial for r in pointed),
        late=sum(result.late for result in results),
        fail_safe=sum(result.fail_safe for result in results),
        round_trip=spread(result.round_trip_ms for result in results if result.late or not result.error),
        stages=_stages(results),
    )


def missing(results: Sequence[Result], strips: int) -> list[int]:
    """The numbers out of 1 to `strips` that have no result."""
    return sorted(set(range(1, strips + 1)) - {result.strip_seq for result in results})


def _rate(hits: Iterable[bool]) -> Rate:
    listed = list(hits)
    return Rate(sum(listed), len(listed))


def _stages(results: Sequence[Result]) -> dict[str, Spread]:
    names = dict.fromkeys(name for result in results for name in result.stages_ms)
    found = {name: spread(r.stages_ms[name] for r in results if name in r.stages_ms) for name in names}
    return {name: value for name, value in found.items() if value is not None}
