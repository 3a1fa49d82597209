"""Strips as CSV, to take away. Pure."""

import csv
import io
from collections.abc import Iterable

from stripsight.hmi.strip import Strip

STRIP_COLUMNS = (
    "record_seq", "recorded_at", "lot_id", "strip_id", "strip_seq", "outcome", "causes", "latency_ms",
    "worst_vial", "worst_region", "worst_score", "worst_threshold", "simulated", "bundle_id", "record_hash",
)  # fmt: skip
SCORE_COLUMNS = ("strip_id", "vial", "region", "score", "threshold", "margin", "frame", "passed")


def strips_csv(strips: Iterable[Strip], *, head: bool = True) -> str:
    """Return a row a strip."""
    return _csv(STRIP_COLUMNS if head else None, (_strip_row(strip) for strip in strips))


def scores_csv(strip: Strip) -> str:
    """Return a row for each region of each vial."""
    rows = (
        (strip.strip_id, one.vial, one.region, one.score, one.threshold, one.margin, one.frame, one.passed)
        for one in strip.scores
    )
    return _csv(SCORE_COLUMNS, rows)


def _strip_row(strip: Strip) -> tuple[object, ...]:
    worst = strip.worst
    place = (worst.vial, worst.region, worst.score, worst.threshold) if worst else ("", "", "", "")
    ids = (strip.record_seq, strip.recorded_at.isoformat(), strip.lot_id, strip.strip_id, strip.strip_seq)
    said = (strip.outcome.value, " ".join(strip.causes), round(strip.latency_ms, 3))
    return (*ids, *said, *place, strip.simulated, strip.bundle_id, strip.record_hash)


def _csv(head: tuple[str, ...] | None, rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if head:
        writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
