"""An inspection, or a call that was refused, as it is on record. Pure."""

from dataclasses import dataclass, replace

from stripsight.journal.answers import to_inspection
from stripsight.journal.chain import Link
from stripsight.journal.reader import Kept
from stripsight.journal.record import StripRecord
from stripsight.strip import Inspection
from stripsight.verdict import Cause


@dataclass(frozen=True)
class Recorded:
    """What was answered, without heatmaps, and what else is on record about it.

    `inspection` is None for a call that was refused. `utc_us` is the wall clock in microseconds since 1970 (UTC).
    `frames_kept` tells whether the frames are there as pictures.
    """

    record: StripRecord
    link: Link
    utc_us: int
    inspection: Inspection | None
    frames_kept: bool = False


def recorded(kept: Kept, *, overruled: bool = False) -> Recorded:
    """Return what a record tells; one that was `overruled` was answered as a reject with LATE.

    Raises ValueError for a record that is not about a strip.
    """
    record = kept.entry.body
    if not isinstance(record, StripRecord):
        raise ValueError(f"record {kept.link.seq}: expected a strip, found {record.kind}")
    inspection = None if record.refusal else _answered(record, kept.link)
    if inspection is not None and overruled:
        inspection = replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))
    return Recorded(record, kept.link, kept.entry.utc_us, inspection)


def as_it_left(seen: Recorded, answer: Inspection) -> Recorded:
    """Return what is on record with the answer as it left, without its heatmaps."""
    return replace(seen, inspection=replace(answer, heatmaps=(), inference=None))


def _answered(record: StripRecord, link: Link) -> Inspection:
    return replace(
        to_inspection(record),
        heatmaps_left_out=0,
        stages={stage: ms / 1000 for stage, ms in record.stages_ms.items()},
        total_s=record.total_ms / 1000,
        record_seq=link.seq,
        record_hash=link.hash,
    )
