"""Each acceptance criterion against what was found."""

from dataclasses import replace

import numpy as np
import pytest

from stripsight_lab.evaluate.runs import RunTable
from stripsight_lab.qualify.criteria import Change, Criteria
from stripsight_lab.qualify.determinism import Determinism
from stripsight_lab.qualify.inspections import Inspections
from stripsight_lab.qualify.knapp import KnappKushner, knapp_kushner
from stripsight_lab.qualify.outcomes import Findings, Met, Outcome, overall
from stripsight_lab.qualify.overlap import find_overlap
from stripsight_lab.qualify.rules import outcomes
from stripsight_lab.tune.rates import Rate

CRITERIA = Criteria(
    detection_rate_min=0.9,
    false_reject_rate_max=0.05,
    policy_detection_rate_min=0.9,
    policy_false_reject_rate_max=0.1,
)


def compared(machine: tuple[int, int]) -> KnappKushner:
    """Two units that people reject 8 and 9 times in 10, and the machine's rejections in 10."""
    tens, units = np.array([10, 10]), ("a", "b")
    return knapp_kushner(
        Inspections(units, np.array([8, 9]), tens), Inspections(units, np.array(machine), tens), seed=1
    )


GOOD = Findings(
    detection=Rate(495, 500),
    false_reject=Rate(1, 500),
    runs=RunTable(7, 10, Rate(50, 50), Rate(0, 50), Rate(0, 50), Rate(100, 100)),
    knapp=compared((10, 10)),
    inspectors="people",
    determinism=Determinism((), 60, 1e-6, 1e-3, 1e-5, 0, 1000),
    overlaps=[find_overlap("units", {"tuning": "a", "test": "b"})],
    changes=[],
    time=None,
)


def judged(criteria: Criteria = CRITERIA, **findings: object) -> dict[str, Outcome]:
    """The outcomes by name, with some findings replaced."""
    return {outcome.name: outcome for outcome in outcomes(criteria, replace(GOOD, **findings))}


def test_a_good_test_meets_every_criterion() -> None:
    """Nine criteria, all met."""
    found = judged()
    assert len(found) == 9
    assert {outcome.met for outcome in found.values()} == {Met.MET}
    assert overall(list(found.values())) is Met.MET


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("Detection rate", {"detection": Rate(449, 500)}),
        ("False-reject rate", {"false_reject": Rate(26, 500)}),
        ("Defective units rejected in 7 of 10 runs", {"runs": replace(GOOD.runs, detection=Rate(44, 50))}),
        ("Good units not accepted in 7 of 10 runs", {"runs": replace(GOOD.runs, good_unconfirmed=Rate(6, 50))}),
        ("Reject-zone efficiency (RZE)", {"knapp": compared((10, 6))}),
        ("Spread of one patch's score", {"determinism": replace(GOOD.determinism, spread=1.1e-4)}),
        ("Verdicts that this spread could turn", {"determinism": replace(GOOD.determinism, verdicts_within=1)}),
        (
            "Training, tuning and test kit share nothing",
            {"overlaps": [*GOOD.overlaps, find_overlap("patches", {"tuning": "ab", "test": "b"})]},
        ),
        ("Criteria as written down before the test", {"changes": [Change("detection_rate_min", "0.9", "0.5")]}),
    ],
)
def test_each_criterion_can_fail_alone(name: str, findings: dict[str, object]) -> None:
    """The one that is not met is named, the others stay met, and the whole is not met."""
    found = judged(**findings)
    assert [outcome.name for outcome in found.values() if outcome.met is not Met.MET] == [name]
    assert found[name].met is Met.NOT_MET
    assert overall(list(found.values())) is Met.NOT_MET


@pytest.mark.parametrize(
    ("findings", "count"),
    [
        ({"detection": Rate(0, 0)}, 1),
        ({"runs": None}, 2),
        ({"knapp": None}, 1),
        ({"determinism": None}, 2),
        ({"overlaps": []}, 1),
        ({"overlaps": [find_overlap("units", {"tuning": "a", "test": ""})]}, 1),
    ],
)
def test_what_was_not_shown_is_not_met(findings: dict[str, object], count: int) -> None:
    """Nothing to look at is no pass, and is told from a failure."""
    found = list(judged(**findings).values())
    assert [outcome.met for outcome in found].count(Met.NOT_SHOWN) == count
    assert overall(found) is Met.NOT_SHOWN


def test_a_limit_is_met_at_its_value() -> None:
    """At least and at most hold the limit itself."""
    found = judged(detection=Rate(450, 500), false_reject=Rate(25, 500))
    assert {outcome.met for outcome in found.values()} == {Met.MET}


def test_by_the_bound_the_interval_must_keep_the_limit() -> None:
    """450 of 500 is 0.9, and its interval reaches down to 0.871: met by the estimate, with a note, not by the bound."""
    by_estimate, by_bound = (
        judged(CRITERIA.model_copy(update={"judged_by": rule}), detection=Rate(450, 500))
        for rule in ("estimate", "bound")
    )
    assert by_estimate["Detection rate"].met is Met.MET
    assert "reaches beyond" in by_estimate["Detection rate"].note
    assert by_bound["Detection rate"].met is Met.NOT_MET


def test_criteria_that_are_not_asked_for_do_not_appear() -> None:
    """No policy and no comparison with people."""
    asked = CRITERIA.model_copy(
        update={"policy_detection_rate_min": None, "policy_false_reject_rate_max": None, "rze_at_least_manual": False}
    )
    assert len(judged(asked, knapp=None, runs=None)) == 6


def test_time_is_for_information_only() -> None:
    """A slow machine does not fail a bundle."""
    found = judged(CRITERIA.model_copy(update={"inference_ms": 1.0}))
    assert found["Inference of one strip, mean"].met is Met.INFORMATION
    assert overall(list(found.values())) is Met.MET


def test_manual_figures_say_whose_they_are() -> None:
    """The sentence with people's figures names a simulated panel as such."""
    outcome = judged(inspectors="simulated inspectors")["Reject-zone efficiency (RZE)"]
    assert outcome.manual
    assert outcome.found == "1.000 against 0.850 by simulated inspectors"
