"""What is on record, from values to messages."""

from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.rpc import write
from stripsight.viewing.pictures import Pictures
from stripsight.viewing.recorded import Recorded


def recorded_inspection(seen: Recorded) -> record_pb.RecordedInspection:
    """Write an inspection, or a call that was refused."""
    record, at = seen.record, Timestamp()
    at.FromMicroseconds(seen.utc_us)
    message = record_pb.RecordedInspection(
        inspection=_refused(seen) if seen.inspection is None else write.inspection_message(seen.inspection),
        recorded_at=at,
        product=record.product,
        simulated=record.simulated,
        frame_digests=[bytes.fromhex(digest) for digest in record.frame_digests],
        patch_scores=record.scores,
        since_arrival_ms=record.since_arrival_ms,
        frames_kept=seen.frames_kept,
    )
    if record.refusal is not None:
        message.refusal_reason, message.refusal_message = record.refusal.reason, record.refusal.message
    return message


def pictures_message(pictures: Pictures) -> record_pb.Pictures:
    """Write the pictures of an inspection."""
    frames = [
        record_pb.FramePicture(
            frame_index=frame.frame_index, png=frame.png, scale=frame.scale, digest=bytes.fromhex(frame.digest)
        )
        for frame in pictures.frames
    ]
    return record_pb.Pictures(
        record_seq=pictures.record_seq,
        frames=frames,
        heatmaps=map(write.heatmap_message, pictures.heatmaps),
        missing=pictures.missing,
    )


def recorded_event(seen: Recorded) -> record_pb.WatchInspectionsResponse:
    """Write what viewers are told of an inspection."""
    return record_pb.WatchInspectionsResponse(recorded=recorded_inspection(seen))


def pictures_event(pictures: Pictures) -> record_pb.WatchInspectionsResponse:
    """Write what viewers are shown of it."""
    return record_pb.WatchInspectionsResponse(pictures=pictures_message(pictures))


def after_skipped(event: record_pb.WatchInspectionsResponse, skipped: int) -> record_pb.WatchInspectionsResponse:
    """Return an event, which others get too, for a viewer who missed `skipped` inspections before it."""
    if not skipped:
        return event
    own = record_pb.WatchInspectionsResponse(skipped=skipped)
    own.MergeFrom(event)
    return own


def _refused(seen: Recorded) -> pb.Inspection:
    record = seen.record
    return pb.Inspection(
        strip_id=record.strip_id,
        lot_id=record.lot_id,
        strip_seq=record.strip_seq,
        bundle_id=record.bundle_id,
        provider=write.PROVIDERS[record.provider],
        record_seq=seen.link.seq,
        record_hash=seen.link.hash,
    )
