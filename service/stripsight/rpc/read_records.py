"""Questions about the record, from messages to values."""

from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.errors import IdInvalid, OptionsInvalid
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.journal.wanted import STRIP, Wanted
from stripsight.rpc.read import heatmap_options
from stripsight.strip import StripKey
from stripsight.verdict import Cause, Verdict
from stripsight.viewing.options import PictureOptions

PAGE_SIZE, PAGE_SIZE_MAX = 50, 500
_ID_MAX = 64
_WIDTH_MIN, _WIDTH_MAX = 160, 65_535
_SEQ_MAX = 2**63 - 1

_VERDICTS = {pb.Verdict.Value(f"VERDICT_{member}"): member for member in Verdict}
_CAUSES = {pb.Cause.Value(f"CAUSE_{member}"): member for member in Cause}


def page_size(message: record_pb.ListInspectionsRequest) -> int:
    """Read how many inspections a page may hold. Raises OptionsInvalid."""
    if message.page_size > PAGE_SIZE_MAX:
        raise _invalid("page_size", f"0 to {PAGE_SIZE_MAX}", message.page_size)
    return message.page_size or PAGE_SIZE


def wanted(message: record_pb.ListInspectionsRequest) -> Wanted:
    """Read the filters. Raises OptionsInvalid."""
    for name, text in (("lot_id", message.lot_id), ("strip_id_prefix", message.strip_id_prefix)):
        if len(text) > _ID_MAX:
            raise _invalid(name, f"at most {_ID_MAX} characters", f"{len(text)}")
    if message.verdict and message.verdict not in _VERDICTS:
        raise _invalid("verdict", "a verdict", f"number {message.verdict}")
    if message.cause and message.cause not in _CAUSES:
        raise _invalid("cause", "a cause", f"number {message.cause}")
    return Wanted(
        kinds=(STRIP,),
        lot_id=message.lot_id or None,
        strip_id_prefix=message.strip_id_prefix or None,
        verdict=_VERDICTS.get(message.verdict),
        cause=_CAUSES.get(message.cause),
        since_us=_microseconds(message.since, "since") if message.HasField("since") else None,
        until_us=_microseconds(message.until, "until") if message.HasField("until") else None,
    )


def which(message: record_pb.GetInspectionRequest) -> int | StripKey:
    """Read which inspection it is about: a record's number, or a strip. Raises OptionsInvalid."""
    named = (message.lot_id, message.strip_id, message.strip_seq)
    if message.record_seq and not any(named):
        return min(message.record_seq, _SEQ_MAX)
    if message.record_seq or not all(named):
        expected = "a number alone, or lot, strip id and strip number"
        raise _invalid("record_seq", expected, "both" if message.record_seq else "neither")
    try:
        return StripKey(*named)
    except IdInvalid as error:
        raise OptionsInvalid(error.message, field=error.field, **error.facts) from error


def picture_options(asked: record_pb.PictureOptions) -> PictureOptions | None:
    """Read which pictures are wanted, None for none. Raises OptionsInvalid."""
    heatmaps = heatmap_options(asked.heatmaps, "pictures.heatmaps") if asked.HasField("heatmaps") else None
    if asked.frame_width_max_px and not _WIDTH_MIN <= asked.frame_width_max_px <= _WIDTH_MAX:
        expected = f"0, or from {_WIDTH_MIN} to {_WIDTH_MAX}"
        raise _invalid("pictures.frame_width_max_px", expected, asked.frame_width_max_px)
    if not asked.frames and heatmaps is None:
        return None
    return PictureOptions(asked.frames, asked.frame_width_max_px, heatmaps)


def _microseconds(time: Timestamp, field: str) -> int:
    try:
        time.ToDatetime()
    except (ValueError, OverflowError) as error:
        raise _invalid(field, "a time in the years 1 to 9999", "none") from error
    return time.ToMicroseconds()


def _invalid(field: str, expected: str, found: object) -> OptionsInvalid:
    return OptionsInvalid(
        f"{field}: expected {expected}, found {found}", field=field, expected=expected, found=str(found)
    )
