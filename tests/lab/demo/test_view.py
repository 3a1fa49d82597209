"""What people see: live view, plain lines, closing tables."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console, RenderableType

from stripsight_lab.demo import report, view, words
from stripsight_lab.demo.results import Result, summarise
from stripsight_lab.demo.view import Run
from stripsight_lab.evaluate import Rate

Make = Callable[..., Result]
RUN = Run("Stripsight demo  bfs-5x4", "bundle 0123456789ab  CPU  seed 1", strips=60, slot_ms=500, cadence_ms=500)


def drawn(part: RenderableType, width: int) -> list[str]:
    """The lines on a terminal of this width, without colour."""
    console = Console(file=io.StringIO(), width=width, height=24, color_system=None, force_terminal=True)
    with console.capture() as capture:
        console.print(part)
    return capture.get().splitlines()


def some(result: Make, count: int) -> list[Result]:
    """A run with one missed defect (strip 6) and one false reject (strip 7)."""
    return [result(n, defective=n % 3 == 0, accepted=(n % 3 != 0) ^ (n in (6, 7))) for n in range(1, count + 1)]


@pytest.mark.parametrize("done", [0, 3, 60])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_fits_the_terminal(result: Make, width: int, height: int, done: int) -> None:
    """The view is a line lower than the terminal and no wider, at any time, so it never scrolls."""
    lines = drawn(view.draw(RUN, some(result, done), width, height), width)
    assert len(lines) == height - 1
    assert max(map(len, lines)) <= width


def test_newest_strip_on_top(result: Make) -> None:
    """The newest strip is the first row, with its truth, place, margin and round trip."""
    lines = drawn(view.draw(RUN, some(result, 9), 80, 24), 80)
    row = next(line for line in lines if "burn" in line)
    for part in ("9", "✓ rejected", "V2 burn on the body", "V2 R1", "-0.0200", "209"):
        assert part in row


def test_wrong_decisions_stand_out_without_colour(result: Make) -> None:
    """A missed defect and a false reject carry a cross and capitals; right decisions carry a tick."""
    text = "\n".join(drawn(view.draw(RUN, some(result, 9), 80, 24), 80))
    assert "✗ MISSED DEFECT" in text
    assert "✗ FALSE REJECT" in text
    assert text.count("✓") == 7


def test_strips_that_were_not_judged_are_no_success(result: Make) -> None:
    """A late defective strip carries a cross, and refused strips are told apart from late ones."""
    refused = {"verdict": "", "error": "OVERLOADED: busy", "decider": None}
    run = [
        result(1, defective=True, accepted=False, late=True),
        result(2, defective=False, accepted=False, **refused),
    ]
    text = "\n".join(drawn(view.draw(RUN, run, 80, 24), 80))
    assert text.count("✗ NOT JUDGED") == 2
    assert "✓" not in text
    assert "1 + 1 refused" in text


def test_figures_of_the_view(result: Make) -> None:
    """2 of 3 defects detected, 1 of 6 good strips rejected, no slot missed."""
    text = "\n".join(drawn(view.draw(RUN, some(result, 9), 80, 24), 80))
    for part in ("2/3  66.7 %", "1/6  16.7 %", "9/60 strips, 26 s left", "205.0 / 209.0"):
        assert part in text


@pytest.mark.parametrize(("share", "bar"), [(0.0, "▁"), (0.13, "▂"), (0.99, "█"), (1.0, "█"), (7.0, "█")])
def test_bar(share: float, bar: str) -> None:
    """Eight heights for one slot; a round trip longer than the slot stays a full bar."""
    assert view.bar(share) == bar


def test_closing_tables(result: Make) -> None:
    """Rates with counts and intervals, times of round trip and steps, late strips, wrong decisions."""
    text = "\n".join(drawn(report.closing(RUN, some(result, 9)), 80))
    for part in (
        "detection rate", "2/3", "66.7 %", "false-reject rate", "1/6", "95 % interval", "late strips",
        "0/9", "round trip", "209.0", "infer", "150.0", "D1-0006", "D1-0007",
    ):  # fmt: skip
        assert part in text
    assert "without a judgement; the rates" not in text


def test_closing_says_when_rejects_were_not_judged(result: Make) -> None:
    """A detection rate that rests on late strips says so."""
    run = [result(1, defective=True, accepted=False, late=True)]
    text = "\n".join(drawn(report.closing(RUN, run), 80))
    assert "1 of 1 strips removed without a judgement; the rates count them as rejected" in text


def test_many_wrong_decisions_are_counted(result: Make) -> None:
    """Ten wrong decisions are named, the rest counted."""
    run = [result(n, defective=False, accepted=False) for n in range(1, 14)]
    assert "and 3 more, see the results" in "\n".join(drawn(report.closing(RUN, run), 80))


def test_plain_lines(result: Make) -> None:
    """Without a terminal, a run so far and a wrong decision are one line each."""
    run = some(result, 9)
    assert words.progress_line(summarise(run), 9, 60) == (
        "9/60 strips: detected 2/3, false rejects 1/6, late 0, round trip p50 205.0 p99 209.0 max 209.0 ms"
    )
    assert words.strip_line(run[5]) == (
        "✗ MISSED DEFECT: D1-0006, V2 burn on the body, severity 0.43; V1 R0, margin +0.0050"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "V2 R1"),
        ({"late": True}, "late"),
        ({"error": "OVERLOADED: busy", "decider": None}, "overloaded"),
        ({"error": "DEADLINE_EXCEEDED: gone", "late": True, "decider": None}, "late"),
        ({"causes": ("IMAGE_QUALITY",), "decider": None}, "image quality"),
    ],
)
def test_why(result: Make, changes: dict[str, object], why: str) -> None:
    """A strip is rejected by a region, or by what stood in the way of a judgement."""
    assert words.why(result(1, defective=False, accepted=False, **changes)) == why


def test_rates_in_words() -> None:
    """19 of 20 is 95.0 %, with Wilson's interval 76.4 to 99.1 %; of nothing there is no rate."""
    rate = Rate(19, 20)
    assert (words.count(rate), words.percent(rate), words.interval(rate)) == (
        "19/20",
        "95.0 %",
        "76.4 to 99.1 %",
    )
    assert (words.percent(Rate(0, 0)), words.interval(Rate(0, 0))) == ("-", "-")
