"""A short part of each long run of tests/soak, and how their counts reach the page."""

import sys
from pathlib import Path

import pytest
from stripfaults import flat, flips, kills, page, tally
from stripfaults.history import Broken, checked

from stripsight.bundle import Bundle
from stripsight.journal.chain import Link
from stripsight.recipe import PixelFormat

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_every_accept_that_a_client_received_survives_sigkill(
    item_bundle: Bundle, shim_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows 4 and 14: ten servers killed under load, each at a random call or moment, on one record.

    The record has every accept with its number and hash, each strip once, a strip sent again got the same answer, and
    the crashes are on record themselves.
    """
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    counts = kills.killed(item_bundle, shim_library, kills=10, seed=3)
    assert counts["kills"] == 10
    assert counts["accepts on record"] >= counts["accepts received"] > 20
    assert counts["recoveries"] > 2


def test_an_accept_that_is_not_on_record_is_noticed(item_bundle: Bundle, tmp_path: Path) -> None:
    """What holds a client's history against a record would see a lost accept."""
    with pytest.raises(Broken, match="strip 7 was accepted as record"):
        checked(tmp_path, {7: Link(3, b"h" * 32)})


def test_a_bit_flipped_in_any_format_is_refused_before_it_is_decoded(strip_bundle: Bundle) -> None:
    """Row 9: two thousand single bits in MONO8, MONO10, MONO12 and PNG."""
    counts = flips.flipped(strip_bundle, flips=2000, seed=1)
    assert set(counts) == set(PixelFormat)
    assert counts.total() == 2000


def test_two_hundred_strips_leave_nothing_behind(strip_bundle: Bundle) -> None:
    """Row 24: one strip in ten does not leave a descriptor or a thread behind, and none its frames, 170 kB.

    What is smaller takes the ten thousand strips of the soak: a pool may still get its last thread here.
    """
    slopes, _ = flat.flat(strip_bundle.path, strips=200, seed=1)
    for name in ("descriptors", "threads", "memory_mib"):
        assert slopes[name]["value"] < 100, name  # per thousand


def test_runs_are_added_up_and_put_between_the_marks(tmp_path: Path) -> None:
    """Two runs of one part: counts as sums, each seed, date, commit and machine; the rest of the page stays."""
    for seed, killed in ((1, 3), (2, 4)):
        run = tally.add(tmp_path, "kills", seed, {"kills": killed, "accepts": 100})
    text = page.replaced(f"before\n{page.BEGIN}\nold\n{page.END}\nafter", {"kills": tally.read(tmp_path, "kills")})
    assert "| 200 accepts, 7 kills | 1, 2 |" in text
    assert run["commit"] in text and run["date"] in text and run["machine"] in text
    assert text.startswith("before\n") and text.endswith("\nafter")
    assert "old" not in text


def test_a_part_that_has_not_run_here_keeps_its_row(tmp_path: Path) -> None:
    """Whoever repeats one long run does not wipe out the others', nor the machine that they ran on."""
    tally.add(tmp_path, "flips", 1, {"PNG": 5})
    first = page.replaced(f"{page.BEGIN}\n{page.END}", {"flips": tally.read(tmp_path, "flips")})
    tally.add(tmp_path, "kills", 1, {"kills": 3})
    second = page.replaced(first, {"kills": tally.read(tmp_path, "kills")})
    assert "| 5 PNG |" in second and "| 3 kills |" in second
    assert page.replaced(second, {}) == second
    assert second.count("Machine: ") == 1


def test_a_page_without_marks_is_refused() -> None:
    """Nothing is written anywhere by guess; our page has them."""
    with pytest.raises(ValueError, match="expected the marks"):
        page.replaced("no marks", {})
    assert page.replaced(PAGE.read_text(), {}) == PAGE.read_text()
