"""What is shown of one strip."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from stripsight.hmi.strip import Outcome, Strip, strip_of
from stripsight.hmi.words import Tone
from stripsight.inspection.v1 import inspection_pb2 as pb

StripAt = Callable[..., Strip]


def test_an_accept_is_an_accept(strip_at: StripAt) -> None:
    """All scores below: accepted, no cause, and the region nearest to its limit is known."""
    strip = strip_at(V3_R1=0.019)
    assert (strip.outcome, strip.outcome.tone, strip.why, strip.failed) == (Outcome.ACCEPT, Tone.GOOD, "", ())
    assert strip.worst is not None and (strip.worst.vial, strip.worst.region) == ("V3", "R1")


@pytest.mark.parametrize("verdict", [pb.VERDICT_UNSPECIFIED, pb.VERDICT_REJECT, 77])
def test_whatever_is_not_an_accept_is_a_reject(record: Callable[..., Any], verdict: int) -> None:
    """Also a verdict that is not said, or that this page does not know."""
    recorded = record()
    recorded.inspection.verdict = verdict
    assert strip_of(recorded).outcome is Outcome.REJECT


def test_a_refused_call_is_told_apart(record: Callable[..., Any]) -> None:
    """It has no verdict; its reason stands where causes stand."""
    recorded = record()
    recorded.inspection.verdict = pb.VERDICT_UNSPECIFIED
    recorded.refusal_reason, recorded.refusal_message = "FRAME_DIGEST", "frame 7: the digest does not match"
    strip = strip_of(recorded)
    assert (strip.outcome, strip.causes, strip.details[0][:7]) == (Outcome.REFUSED, ("FRAME_DIGEST",), "frame 7")


@pytest.mark.parametrize("score", [0.02, 0.5, math.nan, math.inf])
def test_a_region_must_earn_its_pass(strip_at: StripAt, score: float) -> None:
    """A score at the limit, above it, infinite or not a number is not passed."""
    assert [(one.vial, one.region) for one in strip_at(V2_R3=score).failed] == [("V2", "R3")]


def test_the_worst_region_comes_first(strip_at: StripAt) -> None:
    """What is no number is worse than any number; few are named, the others counted."""
    strip = strip_at(V1_R0=0.03, V2_R0=0.05, V3_R0=math.nan, V4_R0=0.04, V5_R0=0.021)
    assert [one.vial for one in strip.failed] == ["V3", "V2", "V4", "V1", "V5"]
    assert strip.why == "Anomaly · V3 R0 · V2 R0 · V4 R0 · and 2 more"


def test_a_cause_that_is_not_known_is_shown_by_its_number(record: Callable[..., Any]) -> None:
    """A service newer than the page does not break it."""
    recorded = record()
    recorded.inspection.causes.append(pb.Cause.ValueType(99))
    assert strip_of(recorded).causes == ("cause 99",)
