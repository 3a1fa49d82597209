"""The figures of a lot, counted by hand; its report and its table say the same."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import csv, parquet

from stripsight.journal.chain import Link, genesis
from stripsight.journal.export import table_of, write_csv, write_parquet
from stripsight.journal.lot import Lot, Spread, gaps, spread, strips_of
from stripsight.journal.reader import Checked, Kept
from stripsight.journal.record import Entry, Event, EventKind, Finding, Outcome, Refusal, StripRecord
from stripsight.journal.report import bars, moment, page
from stripsight.journal.verify import Fault
from stripsight.lots import lot as lots

Make = Callable[..., StripRecord]
GOOD = Checked(None, Link(9, bytes(32)), Link(8, bytes(32)))
MADE = datetime(2026, 3, 1, tzinfo=UTC)


def kept(seq: int, body: StripRecord | Event) -> Kept:
    """Place a record."""
    entry = Entry(seq=seq, utc_us=1_772_323_200_000_000 + seq, monotonic_us=seq, body=body)
    return Kept(entry, Link(seq, bytes([0xA0 + seq]) * 32))


@pytest.fixture
def lot(a_record: Make) -> Lot:
    """Accept, anomaly in two regions of three scores, black frames, refused, a NaN, an accept overruled."""
    bodies = [
        a_record(1),
        a_record(2, verdict="REJECT", causes=("ANOMALY",), scores=(0.01, 0.06, 0.04, 0.05), since_arrival_ms=200.0),
        a_record(
            3,
            verdict="REJECT",
            causes=("IMAGE_QUALITY",),
            scores=(),
            thresholds=(),
            findings=(Finding(cause="IMAGE_QUALITY", frame_index=0, message="black <b>"),),
        ),
        a_record(
            7,
            verdict=Outcome.REFUSED,
            causes=("OVERLOADED",),
            scores=(),
            thresholds=(),
            stages_ms={},
            refusal=Refusal(reason="OVERLOADED", message="full"),
        ),
        a_record(8, verdict="REJECT", causes=("NON_FINITE_SCORE",), scores=(math.nan, 0.01, 0.01, 0.01)),
        a_record(9),
    ]
    placed = [kept(seq, body) for seq, body in enumerate(bodies, 3)]
    event = kept(2, Event(kind=EventKind.BUNDLE, facts={"challenge_strips": 2}))
    return Lot("L-1", tuple(strips_of(placed, {8})), (event,))


def test_strips_count_by_what_they_were_answered(lot: Lot) -> None:
    """The accept that left too late is a reject with LATE."""
    assert lot.verdicts == {Outcome.ACCEPT: 1, Outcome.REJECT: 4, Outcome.REFUSED: 1}
    assert sorted(lot.causes) == [
        ("ANOMALY", 1),
        ("IMAGE_QUALITY", 1),
        ("LATE", 1),
        ("NON_FINITE_SCORE", 1),
        ("OVERLOADED", 1),
    ]


def test_regions_count_once_a_strip_however_many_frames_reject_them(lot: Lot) -> None:
    """Strip 2 in both regions, R1 in both frames; the NaN in R0; thresholds are 0.03 and 0.05."""
    assert lot.rejected_regions == {("V1", "R0"): 2, ("V1", "R1"): 1}
    assert lot.places == (["V1"], ["R0", "R1"])
    worst = [strip.worst for strip in lot.strips]
    assert [(w.region, w.score) for w in worst[:2] if w] == [("R1", 0.021), ("R0", 0.04)]
    assert worst[2] is worst[3] is None
    assert worst[4] is not None and math.isnan(worst[4].score)


def test_numbers_that_are_missing_and_doubled_are_named(lot: Lot, a_record: Make) -> None:
    """Runs between the first and the last only."""
    assert (lot.gaps, lot.doubles) == ([(4, 6)], [])
    assert gaps([]) == gaps([5]) == gaps([5, 6, 6, 7]) == []
    assert gaps([9, 1, 3]) == [(2, 2), (4, 8)]
    twice = strips_of([kept(1, a_record(4)), kept(2, a_record(4, strip_id="S-other"))], ())
    assert Lot("L-1", tuple(twice), ()).doubles == [4]


def test_percentiles_are_times_that_were_measured(lot: Lot) -> None:
    """By nearest rank; refused calls have no part in it."""
    assert lot.times_ms == [91.0, 200.0, 91.0, 91.0, 91.0]
    assert spread(lot.times_ms) == Spread(91.0, 200.0, 200.0, 200.0)
    assert spread([float(n) for n in range(1, 101)]) == Spread(50.0, 90.0, 99.0, 100.0)
    assert spread([]) is None


def test_a_histogram_holds_every_time() -> None:
    """Equal steps from 0 to the longest, which falls into the last; the highest bar is full."""
    found = bars([0.0, 5.0, 24.0, 24.0])
    assert [bar.count for bar in found] == [1, 0, 0, 0, 0, 1] + [0] * 17 + [2]
    assert (found[0].low, found[-1].high, found[-1].height, found[0].height) == (0.0, 24.0, 100.0, 50.0)
    assert bars([]) == []
    assert sum(bar.count for bar in bars([0.0, 0.0])) == 2


def text_of(html: str) -> str:
    """Return what a page says."""
    bare = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(bare.split())


def test_the_report_says_what_was_counted(lot: Lot) -> None:
    """Counts, places, causes, gap, bundle, events, times and each strip that was not accepted."""
    text = text_of(page(lot, GOOD, MADE))
    for words in (
        "6 strips",
        "1 accepted",
        "4 rejected, 66.67 %",
        "1 refused calls",
        "R0 R1 all V1 2 1 3",
        "4 to 6 missing, 3",
        "b" * 64,
        "challenge_strips 2",
        "half within 91.0 ms",
        "6 of 6 strips come from a simulated machine",
        "The record verifies: 9 records, signed up to record 8",
        "2 S-2 REJECT ANOMALY V1 R0: 0.0400 against 0.0300",
        "9 S-9 REJECT LATE",
    ):
        assert words in text, words


OPENED = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def told(*missed: str) -> lots.Lot:
    """A lot with a challenge at its start and one at an interval."""
    runs = [
        lots.ChallengeRun(OPENED, lots.Occasion.START, 2, (), 1, 2),
        lots.ChallengeRun(OPENED.replace(hour=7), lots.Occasion.INTERVAL, 2, missed, 8, 9),
    ]
    return lots.Lot(
        lot_id="L-1",
        product="p",
        state=lots.LotState.STOPPED if missed else lots.LotState.CLOSED,
        opened_by="Ada <b>",
        opened_at=OPENED,
        closed_by="" if missed else "Bert",
        closed_at=None if missed else OPENED.replace(hour=8),
        accepted=1,
        rejected=4,
        refused=1,
        challenges=tuple(runs),
        in_doubt=lots.StripsInDoubt(2, 9, ("S-1", "S-9"), 3) if missed else None,
    )


def test_the_report_shows_the_challenges_of_a_lot(lot: Lot) -> None:
    """Who opened and closed it, when each ran and how it went; or that nobody opened it."""
    assert "The lot was not opened by call: no challenge strips ran in it." in text_of(page(lot, GOOD, MADE))
    text = text_of(page(replace(lot, told=told()), GOOD, MADE))
    for words in (
        "Opened 2026-03-01 06:00:00 UTC by Ada &lt;b&gt;, closed 2026-03-01 08:00:00 UTC by Bert.",
        "06:00:00 START 2 passed 2",
        "07:00:00 INTERVAL 2 passed 9",
    ):
        assert words in text, words
    assert "doubt" not in text


def test_the_report_names_strips_in_doubt_first(lot: Lot) -> None:
    """Above the figures that there are some; below, what was missed and which they are."""
    text = text_of(page(replace(lot, told=told("strip a: expected REJECT, found ACCEPT")), GOOD, MADE))
    assert text.index("3 accepted strips are in doubt.") < text.index("6 strips 1 accepted")
    assert "INTERVAL 2 MISSED strip a: expected REJECT, found ACCEPT 9" in text
    assert "stopped until now." in text
    assert "In doubt: records 2 to 9, 3 strips accepted among them: S-1, S-9 and 1 more." in text


def test_the_report_of_a_damaged_record_says_so_first(lot: Lot) -> None:
    """The first bad record is named in its place."""
    checked = Checked(Fault(4, "hash 0", "hash 1"), genesis("J"), genesis("J"))
    text = text_of(page(lot, checked, MADE))
    assert "The record does not hold together. record 4: expected hash 0, found hash 1" in text
    assert "verifies" not in text


def test_the_report_needs_nothing_beside_it_and_quotes_what_it_shows(lot: Lot, a_record: Make) -> None:
    """No address, script or file; what came from elsewhere is text."""
    hostile = a_record(1, lot_id="<script>alert(1)</script>", strip_id="</td>", verdict="REJECT", causes=("<i>",))
    html = page(Lot("<script>", tuple(strips_of([kept(1, hostile)], ())), ()), GOOD, MADE)
    assert "<script" not in html and "<i>" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"https?:|src=|href=|url\(|@import", page(lot, GOOD, MADE) + html)


def test_a_lot_without_scores_has_a_report(a_record: Make) -> None:
    """Nothing was judged, nothing happened."""
    refused = a_record(1, verdict="REFUSED", causes=("NOT_READY",), scores=(), thresholds=(), layout={}, provider="")
    text = text_of(page(Lot("L-1", tuple(strips_of([kept(1, refused)], ())), ()), GOOD, MADE))
    assert "No strip has scores." in text and "No strip was judged." in text and "none yet" in text


def test_a_time_is_written_to_the_millisecond() -> None:
    """UTC, also before 1970."""
    assert moment(1_772_323_200_123_999) == "2026-03-01 00:00:00.123"
    assert moment(-1) == "1969-12-31 23:59:59.999"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_holds_every_strip_as_it_was_answered(kind: str, lot: Lot, tmp_path: Path) -> None:
    """Read back by another program: verdicts, causes, every score to the bit, nulls where there is nothing."""
    path = tmp_path / f"lot.{kind}"
    (write_csv if kind == "csv" else write_parquet)(lot, path)
    table: Any = csv.read_csv(path) if kind == "csv" else parquet.read_table(path)
    rows = table.to_pylist()
    assert [row["strip_seq"] for row in rows] == [1, 2, 3, 7, 8, 9]
    assert [row["verdict"] for row in rows] == ["ACCEPT", "REJECT", "REJECT", "REFUSED", "REJECT", "REJECT"]
    assert rows[5]["causes"] == "LATE"
    assert (rows[2]["message"], rows[3]["message"]) == ("black <b>", "full")
    scores = [f"score_{frame}_V1_{region}" for frame in (0, 7) for region in ("R0", "R1")]
    assert [rows[1][name] for name in scores] == [0.01, 0.06, 0.04, 0.05]
    assert [rows[3][name] for name in scores] == [None] * 4
    assert (rows[0]["threshold_R0"], rows[0]["infer_ms"], rows[0]["simulated"]) == (0.03, 80.25, True)
    assert rows[0]["record_hash"] == "a3" * 32
    assert rows[0]["sha256_7"] in ("1" * 64, float("1" * 64))  # CSV has no types
    assert rows[0]["time"].astimezone(UTC) == datetime(2026, 3, 1, 0, 0, 0, 3, tzinfo=UTC)


def test_a_score_that_is_no_number_is_not_a_missing_one(lot: Lot) -> None:
    """NaN stays NaN."""
    column = table_of(lot).column("score_0_V1_R0").to_pylist()
    assert column[2] is None and math.isnan(column[4])
