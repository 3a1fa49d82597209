"""The client of those who look at inspections: as they are answered, and those on record."""

from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.client.connection import Connection
from stripsight.client.messages import Style, Which, heatmap_options
from stripsight.client.service_error import ServiceError, service_error
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceStub

__all__ = ["RecordClient", "ServiceError", "picture_options", "wanted"]

_ANSWER_S = 10.0


def picture_options(
    *, frames: bool = False, frame_width_max_px: int = 0, heatmaps: Which = "none", style: Style = "anchored"
) -> record_pb.PictureOptions:
    """Write which pictures are asked for; frames wider than `frame_width_max_px` (0: any) are made smaller."""
    options = record_pb.PictureOptions(frames=frames, frame_width_max_px=frame_width_max_px)
    if heatmaps != "none":
        options.heatmaps.CopyFrom(heatmap_options(heatmaps, style))
    return options


def wanted(
    *,
    lot_id: str = "",
    strip_id_prefix: str = "",
    verdict: "pb.Verdict.ValueType" = pb.VERDICT_UNSPECIFIED,
    cause: "pb.Cause.ValueType" = pb.CAUSE_UNSPECIFIED,
    since: datetime | None = None,
    until: datetime | None = None,
    page_size: int = 0,
) -> record_pb.ListInspectionsRequest:
    """Write which inspections to list; what is left out does not matter. Times have a zone; `until` is excluded."""
    return record_pb.ListInspectionsRequest(
        lot_id=lot_id,
        strip_id_prefix=strip_id_prefix,
        verdict=verdict,
        cause=cause,
        since=_timestamp(since),
        until=_timestamp(until),
        page_size=page_size,
    )


class RecordClient(Connection):
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it."""

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made; by TLS as Client does. Raises ServiceError."""
        super().__init__(target, tls)
        self._records = RecordServiceStub(self._channel)

    def watch(
        self, pictures: record_pb.PictureOptions | None = None, *, timeout_s: float | None = None
    ) -> Generator[record_pb.WatchInspectionsResponse, None, None]:
        """Yield every inspection from the first message, `started`, on; close the iterator to leave.

        Pictures, where some are asked for, come in a message of their own. Who is slow misses inspections and is told
        how many: `skipped`. Raises ServiceError when the service stops or goes, and after `timeout_s`.
        """
        request = record_pb.WatchInspectionsRequest(pictures=pictures)
        events = self._records.WatchInspections(request, timeout=timeout_s)
        leave: Callable[[], object] = events.cancel
        try:
            yield from events
        except grpc.RpcError as error:
            raise service_error(error) from error
        finally:
            leave()

    def page(
        self, request: record_pb.ListInspectionsRequest, *, timeout_s: float = _ANSWER_S
    ) -> record_pb.ListInspectionsResponse:
        """Return one page of inspections. A page may be short, or empty, and not the last. Raises ServiceError."""
        try:
            return self._records.ListInspections(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise service_error(error) from error

    def list(
        self, request: record_pb.ListInspectionsRequest | None = None, *, timeout_s: float = _ANSWER_S
    ) -> Iterator[record_pb.RecordedInspection]:
        """Yield all inspections that are wanted, the latest first, page by page. Raises ServiceError."""
        request = record_pb.ListInspectionsRequest.FromString((request or wanted()).SerializeToString())
        while True:
            page = self.page(request, timeout_s=timeout_s)
            yield from page.inspections
            request.page_token = page.next_page_token
            if not request.page_token:
                return

    def get(
        self,
        record_seq: int = 0,
        *,
        lot_id: str = "",
        strip_id: str = "",
        strip_seq: int = 0,
        pictures: record_pb.PictureOptions | None = None,
        timeout_s: float = _ANSWER_S,
    ) -> record_pb.GetInspectionResponse:
        """Return all about one inspection, by the number of its record or by its strip. Raises ServiceError."""
        request = record_pb.GetInspectionRequest(
            record_seq=record_seq, lot_id=lot_id, strip_id=strip_id, strip_seq=strip_seq, pictures=pictures
        )
        try:
            return self._records.GetInspection(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise service_error(error) from error


def _timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time.astimezone(UTC))
    return stamp
