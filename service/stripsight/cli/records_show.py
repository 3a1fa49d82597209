"""What `stripsight records` prints: tables for people, the canonical form for programs."""

from collections.abc import Collection, Iterable, Sequence

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


def strips(found: Iterable[Strip]) -> None:
    """Print strips, one a line."""
    table = Table("record", "time, UTC", "lot", "number", "strip", "verdict", "why", "worst region", "ms")
    for strip in found:
        record, kept, worst = strip.record, strip.kept, strip.worst
        table.add_row(
            str(kept.link.seq),
            moment(kept.entry.utc_us),
            record.lot_id,
            str(record.strip_seq),
            record.strip_id,
            str(strip.verdict),
            ", ".join(strip.causes),
            f"{worst.vial} {worst.region} {worst.score:.4f} / {worst.threshold:.4f}" if worst else "",
            f"{record.since_arrival_ms:.1f}",
            style=_STYLES[strip.verdict],
        )
    _console.print(table)


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
