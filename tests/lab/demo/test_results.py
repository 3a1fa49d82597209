"""Figures of a run."""

import math
from collections.abc import Callable

import pytest

from stripsight_lab.demo.results import Decider, Outcome, Result, Spread, missing, spread, summarise

Make = Callable[..., Result]


@pytest.mark.parametrize(
    ("defective", "accepted", "late", "outcome", "misjudged"),
    [
        (True, False, False, Outcome.REJECTED, False),
        (True, True, False, Outcome.MISSED, True),
        (False, True, False, Outcome.ACCEPTED, False),
        (False, False, False, Outcome.FALSE_REJECT, True),
        (True, False, True, Outcome.NOT_JUDGED, False),
        (False, False, True, Outcome.NOT_JUDGED, False),
    ],
)
def test_outcome(
    result: Make, *, defective: bool, accepted: bool, late: bool, outcome: Outcome, misjudged: bool
) -> None:
    """An act is set against the truth; a reject for want of an answer is neither found nor misjudged."""
    one = result(1, defective=defective, accepted=accepted, late=late)
    assert (one.outcome, one.misjudged) == (outcome, misjudged)


def test_rates_by_hand(result: Make) -> None:
    """Two of three defective strips and one of four good ones rejected: 2/3 and 1/4, with those counts."""
    run = [
        *(result(n, defective=True, accepted=n == 3) for n in (1, 2, 3)),
        *(result(n, defective=False, accepted=n != 7) for n in (4, 5, 6, 7)),
    ]
    summary = summarise(run)
    assert (summary.detection.hits, summary.detection.total) == (2, 3)
    assert (summary.false_reject.hits, summary.false_reject.total) == (1, 4)
    assert (summary.late, summary.fail_safe) == (0, 0)


def test_right_vial_counts_only_judged_detections(result: Make) -> None:
    """A late strip named no vial; one whose decider lies elsewhere named a wrong one."""
    elsewhere = Decider("V5", "R3", 0, 0.05, 0.04)
    run = [
        result(1, defective=True, accepted=False),
        result(2, defective=True, accepted=False, decider=elsewhere),
        result(3, defective=True, accepted=False, late=True),
    ]
    vial = summarise(run).right_vial
    assert (vial.hits, vial.total) == (1, 2)


def test_fail_safe(result: Make) -> None:
    """Errors, late answers and an ACCEPT that did not hold are rejects without a judgement."""
    refused = {"verdict": "", "error": "OVERLOADED: one runs, one waits", "decider": None}
    run = [
        result(1, defective=False, accepted=False, **refused),
        result(2, defective=False, accepted=False, late=True),
        result(3, defective=False, accepted=False, verdict="ACCEPT"),
        result(4, defective=False, accepted=False),
        result(5, defective=False, accepted=True),
    ]
    assert [one.fail_safe for one in run] == [True, True, True, False, False]
    assert summarise(run).fail_safe == 3


def test_spread_is_nearest_rank() -> None:
    """Of 1 to 200 the 50th percentile is 100, the 99th 198, the largest 200; each is one of the values."""
    assert spread([float(value) for value in reversed(range(1, 201))]) == Spread(100.0, 198.0, 200.0)
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)
    assert spread([]) is None


def test_round_trips_leave_out_refusals_and_keep_late_ones(result: Make) -> None:
    """A refusal in 3 ms does not make the server look fast; a call that ran out of time stays."""
    refused = {"verdict": "", "error": "OVERLOADED: one runs, one waits", "decider": None, "stages_ms": {}}
    expired = {"verdict": "", "error": "DEADLINE_EXCEEDED: x", "decider": None, "stages_ms": {}, "late": True}
    run = [
        result(1, defective=False, accepted=True, round_trip_ms=210.0),
        result(2, defective=False, accepted=False, round_trip_ms=3.0, **refused),
        result(3, defective=False, accepted=False, round_trip_ms=501.0, **expired),
    ]
    summary = summarise(run)
    assert summary.round_trip == Spread(210.0, 501.0, 501.0)
    assert summary.stages["infer"] == Spread(150.0, 150.0, 150.0)
    assert summary.late == 1


def test_no_strips() -> None:
    """A run without results has no rates and no times, and does not divide by nothing."""
    summary = summarise([])
    assert summary.round_trip is None
    assert math.isnan(summary.detection.value)


def test_missing(result: Make) -> None:
    """Strips of the run without a result are found by their numbers."""
    assert missing([result(n, defective=False, accepted=True) for n in (1, 4)], 5) == [2, 3, 5]


@pytest.mark.parametrize(("score", "strain"), [(0.06, 1.5), (float("nan"), math.inf), (math.inf, math.inf)])
def test_strain(score: float, strain: float) -> None:
    """Regions compare by score over threshold; a score that is not finite is the worst."""
    assert Decider("V1", "R0", 0, score, 0.04).strain == pytest.approx(strain)
