"""The end of a run: tables, and the picture of a rejected strip."""

from collections.abc import Sequence
from pathlib import Path

import cv2
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.recipe import Recipe
from stripsight_lab.demo import picture, words
from stripsight_lab.demo.rendering import Frames
from stripsight_lab.demo.results import Result, Spread, Summary, summarise
from stripsight_lab.demo.view import STYLES, Run

_NAMED = 10


def closing(run: Run, results: Sequence[Result]) -> RenderableType:
    """The tables of a run, and its wrong decisions by name."""
    summary = summarise(results)
    parts = [
        _rates(summary, len(results)),
        Text(),
        _times(run, summary),
        Text(),
        *_notes(summary, len(results)),
        *_wrong(results),
    ]
    return Group(*parts)


def save_picture(file: Path, shown: tuple[Result, pb.Inspection] | None, frames: Frames, recipe: Recipe) -> str:
    """Write the picture of the strip to show; a line that names it, or says that there is none to show."""
    if shown is None or shown[0].decider is None:
        return "picture  none: no rejected strip came with a heatmap"
    result, inspection = shown
    strip = dict(zip(recipe.frame.indices, frames[result.strip_seq - 1], strict=True))
    image = picture.draw(result, shown[0].decider, strip, picture.heatmaps_of(inspection), recipe)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), image):
        raise OSError(f"{file}: cannot be written")
    return f"picture  {file}  (heatmap of {result.strip_id}, {words.why(result)})"


def _rates(summary: Summary, sent: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("strips", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("rate", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    for name, rate in (
        ("detection rate (defective rejected)", summary.detection),
        ("false-reject rate (good rejected)", summary.false_reject),
        ("right vial named (of those detected)", summary.right_vial),
    ):
        table.add_row(name, words.count(rate), words.percent(rate), words.interval(rate))
    table.add_row("late strips", f"{summary.late}/{sent}")
    table.add_row("rejected without a judgement", f"{summary.fail_safe}/{sent}")
    return table


def _times(run: Run, summary: Summary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("milliseconds", no_wrap=True)
    for name in ("p50", "p99", "max"):
        table.add_column(name, justify="right", no_wrap=True)
    rows: list[tuple[str, Spread | None]] = [(f"round trip (slot {run.slot_ms:.0f})", summary.round_trip)]
    steps = {name: times for name, times in summary.stages.items() if name != "total"}
    rows += [
        ("  server: all steps", summary.stages.get("total")),
        *((f"    {n}", s) for n, s in steps.items()),
    ]
    for name, times in rows:
        table.add_row(name, *words.times(times))
    return table


def _notes(summary: Summary, sent: int) -> list[Text]:
    if not summary.fail_safe:
        return []
    share = f"{summary.fail_safe} of {sent} strips"
    return [
        Text(f"{share} removed without a judgement; the rates count them as rejected", style="yellow"),
        Text(),
    ]


def _wrong(results: Sequence[Result]) -> list[RenderableType]:
    """The first wrong decisions by name."""
    wrong = sorted((result for result in results if result.misjudged), key=lambda result: result.strip_seq)
    if not wrong:
        return []
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=True)
    for name in ("wrong decisions", "strip", "truth"):
        table.add_column(name, no_wrap=True, ratio=1 if name == "truth" else None)
    table.add_column("severity", no_wrap=True, justify="right")
    table.add_column("decided by", no_wrap=True)
    table.add_column("margin", no_wrap=True, justify="right")
    for result in wrong[:_NAMED]:
        table.add_row(
            Text(f"{words.sign(result)} {result.outcome}", style=STYLES[result.outcome]),
            result.strip_id,
            words.truth(result),
            words.severity(result),
            words.why(result),
            words.margin(result),
        )
    rest = [Text(f"and {len(wrong) - _NAMED} more, see the results")] if len(wrong) > _NAMED else []
    return [table, *rest, Text()]
