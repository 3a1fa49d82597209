"""A lot as one table, a row a strip: CSV for a spreadsheet, Parquet for analysis."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

from stripsight.journal.lot import Lot, Strip

Row = dict[str, object]


def table_of(lot: Lot) -> pa.Table:
    """Return the lot's table. A column that a strip has no value for is null.

    Scores are columns `score_<frame>_<vial>_<region>`, thresholds `threshold_<region>`, stages `<stage>_ms`.
    """
    rows = [_row(strip) for strip in lot.strips]
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _column(row.get(name) for row in rows) for name in names})


def write_csv(lot: Lot, path: Path) -> None:
    """Write the table as CSV with a header. Raises OSError."""
    csv.write_csv(table_of(lot), path)


def write_parquet(lot: Lot, path: Path) -> None:
    """Write the table as Parquet. Raises OSError."""
    parquet.write_table(table_of(lot), path)


def _column(values: Iterable[object]) -> pa.Array:
    return pa.array(list(values), from_pandas=False)


def _row(strip: Strip) -> Row:
    record, entry = strip.record, strip.kept.entry
    row: Row = {
        "record_seq": entry.seq,
        "record_hash": strip.kept.link.hash.hex(),
        "time": _time(entry.utc_us),
        "lot_id": record.lot_id,
        "strip_id": record.strip_id,
        "strip_seq": record.strip_seq,
        "verdict": str(strip.verdict),
        "causes": " ".join(strip.causes),
        "message": record.refusal.message if record.refusal else "; ".join(f.message for f in record.findings),
        "simulated": record.simulated,
        "product": record.product,
        "bundle_id": record.bundle_id,
        "provider": record.provider,
        "since_arrival_ms": record.since_arrival_ms,
        "total_ms": record.total_ms,
    }
    row |= {f"{stage}_ms": value for stage, value in record.stages_ms.items()}
    row |= {f"sha256_{index}": d for index, d in zip(record.layout.frames, record.frame_digests, strict=False)}
    row |= {f"threshold_{region}": t for region, t in zip(record.layout.regions, record.thresholds, strict=False)}
    layout = record.layout
    places = [f"score_{f}_{v}_{r}" for f in layout.frames for v in layout.vials for r in layout.regions]
    return row | dict(zip(places, record.scores, strict=False))


def _time(utc_us: int) -> datetime:
    return datetime.fromtimestamp(utc_us // 1_000_000, UTC).replace(microsecond=utc_us % 1_000_000)
