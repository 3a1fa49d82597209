"""What `stripsight replay` prints and writes: changes for people, everything for programs."""

import csv
import json
import math
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stripsight.replay.compare import Change, Left, Outcome, Tried
from stripsight.verdict import RegionResult

_console = Console(highlight=False)
_STYLES = {Change.ACCEPT_TO_REJECT: "red", Change.REJECT_TO_ACCEPT: "bold yellow", Change.UNCHANGED: None}

Row = dict[str, object]
_SIDE = ("frame", "score", "threshold", "margin")
_COLUMNS = (
    *("record_seq", "lot_id", "strip_seq", "strip_id", "change", "before", "after", "causes_before", "causes_after"),
    *("vial", "region", *(f"{name}_{side}" for side in ("before", "after") for name in _SIDE), "message"),
)


def for_people(outcome: Outcome, *, rejudged: bool, alone: bool) -> None:
    """Print the strips whose verdict changes, and what it comes to.

    `rejudged`: other thresholds than the bundle's were tried. `alone`: nothing is known of before, so all are printed.
    """
    strips = outcome.strips if alone else outcome.changed
    if strips:
        _console.print(_table(strips, alone=alone))
    counts = outcome.counts
    if not alone:
        changes = ", ".join(f"{counts[change]} {change}" for change in Change)
        _say(f"{len(outcome.strips)} strips tried: {changes}")
    left = ", ".join(f"{outcome.left[why]} {why}" for why in Left if outcome.left[why])
    if left:
        _say(f"{outcome.left.total()} not tried: {left}")
    if outcome.same and not alone:
        _say(_same(outcome, rejudged=rejudged))


def as_json(outcome: Outcome, bundle_id: str) -> None:
    """Print one JSON document with the counts and the strips whose verdict changes."""
    document = {
        "bundle_id": bundle_id,
        "tried": len(outcome.strips),
        "changes": {change.name: count for change, count in outcome.counts.items()},
        "not_tried": {why.name: outcome.left[why] for why in Left},
        "same_bundle": {"strips": len(outcome.same), "score_difference": _number(outcome.same_difference)},
        "changed": [_row(strip) for strip in outcome.changed],
    }
    print(json.dumps(document, allow_nan=False))


def as_csv(outcome: Outcome, path: Path) -> None:
    """Write a row for each strip that was tried. Raises OSError."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(_row(strip) for strip in outcome.strips)


def _say(sentence: str) -> None:
    _console.print(sentence, markup=False, soft_wrap=True)


def _same(outcome: Outcome, *, rejudged: bool) -> str:
    same, difference = outcome.same, outcome.same_difference
    changed = sum(strip.change is not Change.UNCHANGED for strip in same)
    scores = "every score is the same to the bit" if difference == 0 else f"scores differ by up to {difference:.2g}"
    verdicts = "" if rejudged else f", {changed or 'no'} verdict{'' if changed == 1 else 's'} changed"
    return f"{len(same)} of them were judged by this bundle: {scores}{verdicts}"


def _table(strips: Iterable[Tried], *, alone: bool) -> Table:
    table = Table("record", "lot", "number", "strip", "verdict", "where")
    table.add_column("margin", no_wrap=True)
    for column in table.columns:
        column.overflow = "fold"
    for strip in strips:
        where = strip.place_after or strip.place_before
        table.add_row(
            str(strip.record_seq or ""),
            strip.lot_id,
            str(strip.strip_seq),
            strip.strip_id,
            str(strip.after) if alone else f"{strip.before} → {strip.after}",
            f"{where.vial} {where.region}" if where else "; ".join(strip.messages),
            _margin(strip.place_after) if alone else f"{_margin(strip.place_before)} → {_margin(strip.place_after)}",
            style=_STYLES[strip.change],
        )
    return table


def _margin(place: RegionResult | None) -> str:
    return f"{place.margin:+.3g}" if place else "none"


def _row(strip: Tried) -> Row:
    place = strip.place_after or strip.place_before
    row: Row = {
        "record_seq": strip.record_seq,
        "lot_id": strip.lot_id,
        "strip_seq": strip.strip_seq,
        "strip_id": strip.strip_id,
        "change": strip.change.name,
        "before": str(strip.before),
        "after": str(strip.after),
        "causes_before": " ".join(strip.causes_before),
        "causes_after": " ".join(strip.causes_after),
        "vial": place.vial if place else None,
        "region": place.region if place else None,
    }
    for side, found in (("before", strip.place_before), ("after", strip.place_after)):
        row |= {
            f"frame_{side}": found.frame if found else None,
            f"score_{side}": _number(found.score) if found else None,
            f"threshold_{side}": found.threshold if found else None,
            f"margin_{side}": _number(found.margin) if found else None,
        }
    return row | {"message": "; ".join(strip.messages)}


def _number(value: float) -> float | str:
    """Return a number that JSON has, or the word for it."""
    return value if math.isfinite(value) else str(value)
