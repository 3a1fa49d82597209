"""Counts of a lot."""

from collections.abc import Callable
from typing import Any

from stripsight.hmi.strip import Strip, strip_of
from stripsight.hmi.tally import INTERVAL_S, KEPT, Tally, tally_of
from stripsight.inspection.v1 import inspection_pb2 as pb

StripAt = Callable[..., Strip]


def test_rejects_count_by_place_and_cause(strip_at: StripAt) -> None:
    """A strip with two bad regions is one reject and counts in both places."""
    tally = tally_of([strip_at(1), strip_at(2, V1_R2=0.03, V4_R0=0.05), strip_at(3, V4_R0=0.05)], complete=True)
    assert (tally.judged, tally.accepted, tally.rejected) == (3, 1, 2)
    assert (tally.places[("V4", "R0")], tally.places[("V1", "R2")], tally.most) == (2, 1, 2)
    assert tally.causes == {"ANOMALY": 2}


def test_a_record_counts_once(strip_at: StripAt) -> None:
    """What was read out of the record and comes from the view again is left out."""
    tally = Tally().add(strip_at(1)).add(strip_at(2)).add(strip_at(2)).add(strip_at(1))
    assert tally.judged == 2


def test_another_lot_begins_at_nothing(strip_at: StripAt) -> None:
    """Counts are of one lot; how it went over time goes on."""
    tally = tally_of([strip_at(1, V1_R0=0.03), strip_at(2, lot="L-2")], complete=True)
    assert (tally.lot_id, tally.judged, tally.rejected) == ("L-2", 1, 0)
    assert sum(one.judged for one in tally.intervals) == 2


def test_refused_calls_are_no_strips(record: Callable[..., Any]) -> None:
    """They count for themselves, and do not thin the reject rate."""
    refused = record()
    refused.refusal_reason = "FRAME_SIZE"
    refused.inspection.verdict = pb.VERDICT_UNSPECIFIED
    tally = Tally().add(strip_of(refused))
    assert (tally.refused, tally.judged, tally.intervals) == (1, 0, ())


def test_intervals_keep_half_an_hour(strip_at: StripAt) -> None:
    """Older ones go; within one the slowest answer stays."""
    late = KEPT * INTERVAL_S
    strips = [
        strip_at(1),
        strip_at(2, after_s=INTERVAL_S),
        strip_at(3, after_s=late, took_ms=300.0),
        strip_at(4, after_s=late + 1, took_ms=250.0, V1_R0=1.0),
    ]
    tally = tally_of(strips, complete=True)
    assert [(one.judged, one.rejected, one.slowest_ms) for one in tally.intervals] == [(1, 0, 200.0), (2, 1, 300.0)]


def test_a_clock_that_was_set_back_opens_no_interval(strip_at: StripAt) -> None:
    """Strips go on into the latest interval until the clock has caught up."""
    tally = tally_of([strip_at(1, after_s=100.0), strip_at(2, after_s=0.0)], complete=True)
    assert [one.judged for one in tally.intervals] == [2]
