"""A service that plays back messages, for states that a real line is seldom in."""

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from recorded_strips import pictures_of, recorded_strip

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import (
    InspectionServiceServicer,
    add_InspectionServiceServicer_to_server,
)
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceServicer, add_RecordServiceServicer_to_server
from stripsight.recipe import Recipe
from stripsight.rpc.write import product_message


class RecordedLine(InspectionServiceServicer, RecordServiceServicer):
    """A line that says what it is told to: `status` to all who ask, `strip` to all who watch."""

    def __init__(self, recipe: Recipe, listen: str = "127.0.0.1:0") -> None:
        """Serve."""
        self.recipe = recipe
        self.status = service_pb.GetStatusResponse(
            bundle_id="5e" * 32, product=product_message(recipe), provider=pb.PROVIDER_CPU, slot_ms=500
        )
        self.status.readiness = service_pb.READINESS_SERVING
        self.records: list[record_pb.RecordedInspection] = []
        self.pictures: dict[int, record_pb.Pictures] = {}
        self.told: list[int] = []  # the records that GetInspection was asked for
        self.lingers_s = 0.0  # how long it waits for a second who asks
        self._second = threading.Event()
        self.viewers: list[queue.SimpleQueue[record_pb.WatchInspectionsResponse | None]] = []
        self.server = grpc.server(ThreadPoolExecutor(8))
        add_InspectionServiceServicer_to_server(self, self.server)
        add_RecordServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(listen)
        self.server.start()

    def skip(self, count: int) -> None:
        """Tell all who watch that they missed so many strips."""
        for viewer in self.viewers:
            viewer.put(record_pb.WatchInspectionsResponse(skipped=count))

    def break_off(self) -> None:
        """End each view, and go on serving."""
        for viewer in self.viewers:
            viewer.put(None)
        self.viewers.clear()

    def close(self) -> None:
        """End, with all calls."""
        for viewer in self.viewers:
            viewer.put(None)
        self.server.stop(0).wait()

    def strip(self, *bad: tuple[str, str], frames: dict[int, bytes] | None = None, **changes: Any) -> int:
        """Answer one more strip, rejected for the regions in `bad`, and show it to all; return its record's number."""
        recorded = recorded_strip(self.recipe, len(self.records) + 1, bad, **changes)
        number = recorded.inspection.record_seq
        pictures = pictures_of(self.recipe, number, bad, frames or {})
        self.records.append(recorded)
        self.pictures[number] = pictures
        for viewer in self.viewers:
            viewer.put(record_pb.WatchInspectionsResponse(recorded=recorded))
            viewer.put(record_pb.WatchInspectionsResponse(pictures=pictures))
        return number

    def GetStatus(self, request: Any, context: Any) -> service_pb.GetStatusResponse:
        """Tell the status."""
        return self.status

    def WatchInspections(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[record_pb.WatchInspectionsResponse]:
        """Send what is to come."""
        viewer: queue.SimpleQueue[record_pb.WatchInspectionsResponse | None] = queue.SimpleQueue()
        self.viewers.append(viewer)
        context.add_callback(lambda: viewer.put(None))
        yield record_pb.WatchInspectionsResponse(started=record_pb.WatchStarted(record_seq=len(self.records)))
        yield from iter(viewer.get, None)

    def ListInspections(
        self, request: record_pb.ListInspectionsRequest, context: Any
    ) -> record_pb.ListInspectionsResponse:
        """List the latest first; only the lot is looked at."""
        fit = [one for one in reversed(self.records) if request.lot_id in ("", one.inspection.lot_id)]
        return record_pb.ListInspectionsResponse(inspections=fit[: request.page_size])

    def GetInspection(
        self, request: record_pb.GetInspectionRequest, context: grpc.ServicerContext
    ) -> record_pb.GetInspectionResponse:
        """Return one."""
        self.told.append(request.record_seq)
        if len(self.told) > 1:
            self._second.set()
        self._second.wait(self.lingers_s)
        for one in self.records:
            if one.inspection.record_seq == request.record_seq:
                return record_pb.GetInspectionResponse(inspection=one, pictures=self.pictures[request.record_seq])
        context.abort(grpc.StatusCode.NOT_FOUND, "no such record")
        raise AssertionError
