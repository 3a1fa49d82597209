"""Strips of the past with their frames: on record with kept pictures, or in a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stripsight import png
from stripsight.checks import REPEATED, TIMES
from stripsight.errors import FrameUnreadable
from stripsight.frame import FrameData, PixelFormat, crc32c
from stripsight.journal.answers import to_inspection
from stripsight.journal.reader import Kept, Reader, Wanted
from stripsight.journal.record import StripRecord
from stripsight.pictures.folder import PictureFolder
from stripsight.replay.compare import Left
from stripsight.strip import Inspection, StripHeader

LOT = "folder"
"""The lot of strips that come out of a folder."""


@dataclass(frozen=True)
class Past:
    """A strip, its frames as they were sent, and what became of it, which is None where that is not known."""

    header: StripHeader
    frames: tuple[FrameData, ...]
    before: Inspection | None


def on_record(reader: Reader, pictures: PictureFolder, wanted: Wanted, product: str) -> Iterator[Past | Left]:
    """Yield the strips on record that are wanted, in their order; for one that cannot be compared, why.

    `product` is the name of the bundle's. Nothing stays open while the caller works on a strip, since a service may be
    writing this record. Raises RecordError.
    """
    for seq in reader.numbers(wanted):
        kept = reader.at(seq)
        if kept is not None and isinstance(kept.entry.body, StripRecord):
            yield _past(kept, kept.entry.body, pictures, product)


def in_folder(folder: Path, indices: Sequence[int]) -> Iterator[Past]:
    """Yield the strips in a folder, by name, each in a folder of its own with `<frame index>.png`.

    Raises FrameUnreadable, and IdInvalid for a name that is no strip's.
    """
    try:
        strips = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        raise FrameUnreadable(f"{folder}: expected a folder of strips, found: {error}") from error
    if not strips:
        raise FrameUnreadable(f"{folder}: expected a folder for each strip, found none")
    for number, strip in enumerate(strips):
        frames = tuple(_picture(strip / f"{index}.png", index) for index in indices)
        yield Past(StripHeader(strip_id=strip.name, lot_id=LOT, strip_seq=number), frames, None)


def _past(kept: Kept, record: StripRecord, pictures: PictureFolder, product: str) -> Past | Left:
    if record.product != product:
        return Left.OTHER_PRODUCT
    if record.refusal is not None:
        return Left.REFUSED
    if not (record.scores or record.findings):
        return Left.LATE
    if any(finding.message.endswith(REPEATED) or TIMES in finding.message for finding in record.findings):
        return Left.NOT_IN_PICTURES
    pairs = zip(record.layout.frames, record.frame_digests, strict=True)
    frames = [pictures.frame(index, digest) for index, digest in pairs]
    there = tuple(frame for frame in frames if frame is not None)
    if len(there) < len(frames):
        return Left.NO_PICTURES
    header = StripHeader(strip_id=record.strip_id, lot_id=record.lot_id, strip_seq=record.strip_seq)
    return Past(header, there, replace(to_inspection(record), record_seq=kept.link.seq))


def _picture(path: Path, index: int) -> FrameData:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameUnreadable(f"{path}: expected the picture of a frame, found: {error}") from error
    header = png.read_header(data, field=str(path))
    return FrameData(index, data, PixelFormat.PNG, header.width_px, header.height_px, crc32c(data))
