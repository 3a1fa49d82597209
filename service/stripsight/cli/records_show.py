"""What `stripsight records` prints: tables for people, the canonical form for programs."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table

from stripsight.journal.canonical import form
from stripsight.journal.lot import Strip, strips_of
from stripsight.journal.reader import Kept
from stripsight.journal.record import Event, StripRecord
from stripsight.journal.report import moment
from stripsight.metrics import STAGES

_console = Console(highlight=False)
_STYLES = {"ACCEPT": None, "REJECT": "red", "REFUSED": "yellow"}


def as_json_lines(found: Iterable[Kept]) -> None:
    """Print each record's canonical form on a line: what its hash is made of."""
    for kept in found:
        print(form(kept.entry).decode())


def strips(found: Sequence[Strip]) -> None:
    """Print strips, one a line, under a heading for each lot and day: that leaves room for them on 80 columns."""
    found = list(found)
    if not found:
        _console.print("No strip on record is such a one.")
    for (lot, day), here in groupby(found, key=lambda strip: (strip.record.lot_id, _moment(strip)[0])):
        _console.print(f"Lot {lot}, {day}, times in UTC", style="bold", markup=False)
        _console.print(_strips(here))


def _strips(found: Iterable[Strip]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, right in (("record", True), ("time", False), ("number", True), ("strip", False), ("verdict", False)):
        table.add_column(name, no_wrap=True, justify="right" if right else "left")
    table.add_column("why")
    table.add_column("worst: score / threshold", no_wrap=True)
    table.add_column("ms", no_wrap=True, justify="right")
    for strip in found:
        record, worst = strip.record, strip.worst
        table.add_row(
            str(strip.kept.link.seq),
            _moment(strip)[1],
            str(record.strip_seq),
            record.strip_id,
            str(strip.verdict),
            ", ".join(strip.causes),
            f"{worst.vial} {worst.region} {worst.score:.3g} / {worst.threshold:.3g}" if worst else "",
            f"{record.since_arrival_ms:.0f}",
            style=_STYLES[strip.verdict],
        )
    return table


def _moment(strip: Strip) -> tuple[str, str]:
    """Day and time of its record."""
    day, _, time = moment(strip.kept.entry.utc_us).partition(" ")
    return day, time.partition(".")[0]


def events(found: Iterable[Kept]) -> None:
    """Print events, one a line."""
    table = Table("record", "time, UTC", "event", "facts")
    for kept in found:
        if isinstance(kept.entry.body, Event):
            facts = ", ".join(f"{name} {value}" for name, value in kept.entry.body.facts.items())
            table.add_row(str(kept.link.seq), moment(kept.entry.utc_us), str(kept.entry.body.kind), facts)
    _console.print(table)


def one(kept: Kept, overruled: Collection[int], others: Sequence[int]) -> None:
    """Print one record; `others` are numbers of records with the same strip id."""
    found = strips_of([kept], overruled)
    if not found:
        events([kept])
        return
    (strip,) = found
    record, style = strip.record, _STYLES[strip.verdict]
    _console.print(f"{strip.verdict} {', '.join(strip.causes)}", style=f"bold {style or ''}".strip())
    for message in _messages(record):
        _console.print(message, markup=False)
    _console.print(_facts(kept, record))
    if record.scores:
        _console.print(_scores(strip))
    if others:
        _console.print(f"Other records of {record.strip_id}: {', '.join(map(str, others))}", markup=False)


def _messages(record: StripRecord) -> list[str]:
    found = [finding.message for finding in record.findings]
    return [*found, record.refusal.message] if record.refusal else found


def _facts(kept: Kept, record: StripRecord) -> Table:
    in_order = [stage for stage in STAGES if stage in record.stages_ms]
    stages = ", ".join(f"{stage} {record.stages_ms[stage]:.1f}" for stage in in_order)
    rows = {
        "strip": f"{record.strip_id}, number {record.strip_seq} of lot {record.lot_id}",
        "record": f"{kept.link.seq}, {moment(kept.entry.utc_us)} UTC",
        "hash": kept.link.hash.hex(),
        "product": f"{record.product}{', simulated' if record.simulated else ''}",
        "bundle": record.bundle_id,
        "provider": record.provider,
        "times, ms": f"{record.since_arrival_ms:.1f} since the arrival ({stages})" if stages else "",
    }
    rows |= {
        f"frame {index}": digest for index, digest in zip(record.layout.frames, record.frame_digests, strict=False)
    }
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table


def _scores(strip: Strip) -> Table:
    """Every score: a row for each region, a column for each frame."""
    layout, scores = strip.record.layout, strip.record.scores
    table = Table("vial", "region", *(f"frame {index}" for index in layout.frames), "threshold", "margin")
    per_frame = len(layout.vials) * len(layout.regions)
    for at, region in enumerate(strip.regions):
        numbers = [f"{value:.4f}" for value in (*scores[at::per_frame], region.threshold, region.margin)]
        table.add_row(region.vial, region.region, *numbers, style=None if region.accepted else "bold red")
    return table
