"""The calls of the API that the page makes."""

from collections.abc import Iterator
from pathlib import Path

from stripsight.client import Client
from stripsight.client.records import RecordClient, picture_options
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb

_PICTURES_S = 20.0  # heatmaps of old strips are inferred anew, when no strip waits

# What a screen shows: frames made smaller, heatmaps of the rejected patches.
VIEW = picture_options(frames=True, frame_width_max_px=960, heatmaps="rejected")
# What a filmstrip shows: no heatmaps, which would have to be inferred anew.
SMALL = picture_options(frames=True, frame_width_max_px=960)
# What is taken away: frames as they are.
FULL = picture_options(frames=True)


class Service:
    """A connection to the service. Calls may come from any thread; each raises ServiceError."""

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made; by TLS with the files of the folder `tls`."""
        self._client = Client(target, tls)
        self._records = RecordClient(target, tls)

    def status(self) -> service_pb.GetStatusResponse:
        """Ask how the service is."""
        return self._client.status()

    def watch(self) -> Iterator[record_pb.WatchInspectionsResponse]:
        """Yield every inspection from now on, each with its pictures in a message of their own."""
        return self._records.watch(VIEW)

    def page(self, asked: record_pb.ListInspectionsRequest) -> record_pb.ListInspectionsResponse:
        """List a page of what is on record; it may be short, or empty, and not the last."""
        return self._records.page(asked)

    def list(self, asked: record_pb.ListInspectionsRequest) -> Iterator[record_pb.RecordedInspection]:
        """Yield all that is on record and fits, the latest first, page by page."""
        return self._records.list(asked)

    def get(self, record_seq: int, pictures: record_pb.PictureOptions | None = None) -> record_pb.GetInspectionResponse:
        """Return one record, with the pictures that are asked for."""
        return self._records.get(record_seq, pictures=pictures, timeout_s=_PICTURES_S)
