"""Strips on record page by page, the latest first."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stripsight.journal.journal import Journal
from stripsight.journal.reader import Page, Reader, Wanted
from stripsight.journal.record import Outcome, Refusal, StripRecord
from stripsight.strip import StripKey

Open = Callable[..., Journal]
Make = Callable[..., StripRecord]

REFUSED = Refusal(reason="FRAME_DIGEST", message="other bytes")
STRIPS: list[dict[str, Any]] = [
    {},
    {"verdict": Outcome.REJECT, "causes": ("ANOMALY",)},
    {"lot_id": "L-2"},
    {"verdict": Outcome.REJECT, "causes": ("IMAGE_QUALITY", "LATE")},
    {"verdict": Outcome.REFUSED, "causes": ("FRAME_DIGEST",), "refusal": REFUSED},
    {"strip_id": "T-6"},
    {},  # overruled
]


@pytest.fixture
def reader(tmp_path: Path, open_journal: Open, a_record: Make) -> Iterator[Reader]:
    """A record of seven strips, a second apart; the last one's verdict was overruled."""
    seconds = count(1000)
    journal = open_journal(tmp_path, wall=lambda: float(next(seconds)), clock=lambda: 0.0)
    for number, changes in enumerate(STRIPS, start=1):
        link = journal.strip(a_record(number, **changes)).result()
    journal.overrule(StripKey("L-1", "S-7", 7), link.seq)
    assert journal.close("OK")
    reader = Reader(tmp_path)
    yield reader
    reader.close()


def numbers(page: Page) -> list[int]:
    """Return the strips' numbers."""
    return [kept.entry.body.strip_seq for kept, _ in page.kept if isinstance(kept.entry.body, StripRecord)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [7, 6, 5, 4, 3, 2, 1]),
        (Wanted(lot_id="L-2"), [3]),
        (Wanted(lot_id="L-3"), []),
        (Wanted(strip_id_prefix="S-"), [7, 5, 4, 3, 2, 1]),
        (Wanted(strip_id_prefix="s-"), []),
        (Wanted(strip_id_prefix="T-6"), [6]),
        (Wanted(verdict="ACCEPT"), [6, 3, 1]),
        (Wanted(verdict="REJECT"), [7, 4, 2]),
        (Wanted(cause="LATE"), [7, 4]),
        (Wanted(cause="ANOMALY"), [2]),
        (Wanted(verdict="REJECT", lot_id="L-1", cause="IMAGE_QUALITY"), [4]),
    ],
)
def test_a_page_holds_what_was_answered(reader: Reader, wanted: Wanted, found: list[int]) -> None:
    """A verdict that was overruled counts as what left instead: a reject with LATE."""
    page = reader.page(wanted, 50)
    assert numbers(page) == found
    assert page.before is None


def test_times_are_half_open(reader: Reader) -> None:
    """From `since` on, and before `until`."""
    latest_first = [kept.entry.utc_us for kept, _ in reader.page(Wanted(), 50).kept]
    page = reader.page(Wanted(since_us=latest_first[5], until_us=latest_first[2]), 50)
    assert numbers(page) == [4, 3, 2]


def test_pages_follow_one_another_without_gap_or_repeat(reader: Reader) -> None:
    """Each begins before the last strip of the one before."""
    found, before = [], None
    while True:
        page = reader.page(Wanted(lot_id="L-1"), 2, before)
        assert len(page.kept) <= 2
        found += numbers(page)
        before = page.before
        if before is None:
            break
    assert found == [7, 6, 5, 4, 2, 1]


def test_one_strip_is_found_by_number_and_by_name(reader: Reader) -> None:
    """And whether it was overruled; an event is no strip."""
    key = StripKey("L-1", "S-7", 7)
    kept = reader.strip(key)
    assert kept is not None
    assert reader.at(kept.link.seq) == kept
    assert reader.is_overruled(key)
    assert not reader.is_overruled(StripKey("L-1", "S-1", 1))
    assert reader.strip(StripKey("L-1", "S-8", 8)) is None
    assert reader.at(10_000) is None
