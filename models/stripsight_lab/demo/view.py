"""The live view of a run, for a terminal of 80 x 24 and up. Pure: a run so far in, what to draw out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stripsight_lab.demo import words
from stripsight_lab.demo.results import Outcome, Result, Summary, summarise

WIDE = 110
_FRAME_LINES = 12  # everything but the rows of strips
_BARS = "▁▂▃▄▅▆▇█"
STYLES = {
    Outcome.ACCEPTED: "green",
    Outcome.REJECTED: "cyan",
    Outcome.MISSED: "bold white on red",
    Outcome.FALSE_REJECT: "bold black on yellow",
    Outcome.NOT_JUDGED: "bold red",
}


@dataclass(frozen=True)
class Run:
    """What stays the same while a run goes on."""

    title: str
    facts: str
    strips: int
    slot_ms: float
    cadence_ms: float


@dataclass(frozen=True)
class LiveView:
    """Draws the run as it is whenever it is asked to."""

    run: Run
    results: Callable[[], Sequence[Result]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Fit the terminal as it is now."""
        yield draw(self.run, self.results(), options.max_width, console.size.height)


def draw(run: Run, results: Sequence[Result], width: int, height: int) -> RenderableType:
    """The whole view, one line lower than `height`, so that it never scrolls."""
    rows = max(3, height - _FRAME_LINES)
    return Group(
        _header(run),
        _progress(run, len(results)),
        _figures(summarise(results), width),
        _round_trips(run, results, width),
        Panel(
            _strips(results[-rows:], rows, wide=width >= WIDE),
            title="last strips",
            box=box.ROUNDED,
            padding=0,
        ),
    )


def _header(run: Run) -> RenderableType:
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True)
    line.add_column(justify="right", no_wrap=True, ratio=1, style="dim")
    line.add_row(Text(run.title, style="bold"), run.facts)
    return line


def _progress(run: Run, done: int) -> RenderableType:
    left = (run.strips - done) * run.cadence_ms / 1000
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(ProgressBar(run.strips, done), f"{done}/{run.strips} strips, {left:.0f} s left")
    return line


def _figures(summary: Summary, width: int) -> RenderableType:
    """The four figures that matter, side by side."""
    p50, p99, _ = words.times(summary.round_trip)
    missed = summary.detection.total - summary.detection.hits
    cells = (
        ("defects detected", f"{words.count(summary.detection)}  {words.percent(summary.detection)}", missed),
        ("false rejects", f"{words.count(summary.false_reject)}  {words.percent(summary.false_reject)}", 0),
        ("round trip p50 / p99" if width >= WIDE else "p50 / p99 ms", f"{p50} / {p99}", 0),
        ("slot misses", f"{summary.late}{_refused(summary)}", summary.fail_safe),
    )
    table = Table(box=box.ROUNDED, expand=True, show_header=True, header_style="dim", width=width)
    for name, _, _ in cells:
        table.add_column(name, justify="center", no_wrap=True, ratio=1)
    table.add_row(*(Text(value, style="bold red" if bad else "bold") for _, value, bad in cells))
    return table


def _refused(summary: Summary) -> str:
    """Strips that went wrong in another way than by time."""
    other = summary.fail_safe - summary.late
    return f" + {other} refused" if other > 0 else ""


def _round_trips(run: Run, results: Sequence[Result], width: int) -> Text:
    """A bar for each of the last strips, a full one for a whole slot."""
    text = Text(no_wrap=True, overflow="crop").append(f" round trips, full bar {run.slot_ms:.0f} ms ", style="dim")
    room = max(0, width - len(text) - 1)
    for result in results[-room:] if room else ():
        text.append(bar(result.round_trip_ms / run.slot_ms), style="bold red" if result.late else "cyan")
    return text


def bar(share: float) -> str:
    """One of eight heights for a share of the slot."""
    return _BARS[min(len(_BARS) - 1, max(0, int(share * len(_BARS))))]


def _strips(results: Sequence[Result], rows: int, *, wide: bool) -> Table:
    """The newest strip on top; as many rows as there is room for, so that the view keeps its height."""
    table = Table(box=None, expand=True, header_style="dim", pad_edge=True)
    table.add_column("strip", no_wrap=True, justify="right")
    table.add_column("outcome", no_wrap=True, min_width=15)
    table.add_column("truth", no_wrap=True, ratio=1)
    if wide:
        table.add_column("severity", no_wrap=True, justify="right")
    table.add_column("decided by", no_wrap=True, min_width=10)
    if wide:
        table.add_column("score", no_wrap=True, justify="right")
        table.add_column("threshold", no_wrap=True, justify="right")
    table.add_column("margin", no_wrap=True, justify="right")
    table.add_column("ms", no_wrap=True, justify="right")
    for result in reversed(results):
        table.add_row(*_cells(result, wide=wide))
    for _ in range(rows - len(results)):
        table.add_row("")
    return table


def _cells(result: Result, *, wide: bool) -> list[Text]:
    style, decider = STYLES[result.outcome], result.decider
    score = [f"{decider.score:.4f}", f"{decider.threshold:.4f}"] if decider else ["", ""]
    plain = [
        *([words.severity(result)] if wide else []),
        words.why(result),
        *(score if wide else []),
        words.margin(result),
        f"{result.round_trip_ms:.0f}",
    ]
    return [
        Text(str(result.strip_seq), style="dim"),
        Text(f"{words.sign(result)} {result.outcome}", style=style),
        Text(words.truth(result), style="bold" if result.truth.defective else ""),
        *map(Text, plain),
    ]
