"""The client of InspectionService, which a machine uses."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from numpy.typing import NDArray

from stripsight.client.connection import Connection
from stripsight.client.messages import Style, Which, frame_message, heatmap_options, strip_ahead
from stripsight.client.service_error import ServiceError, service_error
from stripsight.client.stream import Answer, FrameStream
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub

if TYPE_CHECKING:
    from stripsight.frame import FrameData  # it brings OpenCV, which a client does not need

_SERVICE = service_pb.DESCRIPTOR.services_by_name["InspectionService"].full_name


class Client(Connection):
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it."""

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made; by TLS with the files of the folder `tls`.

        Raises ServiceError when one of these cannot be read (see `open_channel`).
        """
        super().__init__(target, tls)
        self._inspection = InspectionServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def inspect(
        self,
        frames: Sequence["pb.Frame | FrameData | NDArray[np.uint8]"],
        *,
        strip_id: str,
        lot_id: str,
        strip_seq: int,
        product: str,
        indices: Sequence[int] = (),
        heatmaps: Which = "rejected",
        style: Style = "anchored",
        simulated: bool = False,
        timeout_s: float = 0.5,
    ) -> Answer:
        """Have one strip judged.

        A frame is a message, a FrameData, or uint8 [H, W] that is sent as MONO8 with the index at its
        position in `indices`. `simulated` says that no real machine asks. `timeout_s` is the deadline that the
        service gets to know. Raises ServiceError, which is never an accept.
        """
        request = service_pb.InspectStripRequest(
            strip_id=strip_id,
            lot_id=lot_id,
            strip_seq=strip_seq,
            product=product,
            frames=[frame_message(frame, indices, position) for position, frame in enumerate(frames)],
            heatmaps=heatmap_options(heatmaps, style),
            simulated=simulated,
        )
        return self.send(request, timeout_s=timeout_s)

    def send(self, request: service_pb.InspectStripRequest, *, timeout_s: float = 0.5) -> Answer:
        """Send a request as it is. Raises ServiceError."""
        start = time.monotonic()
        try:
            reply = self._inspection.InspectStrip(request, timeout=timeout_s, metadata=strip_ahead(request))
        except grpc.RpcError as error:
            raise service_error(error) from error
        return Answer(request, reply, time.monotonic() - start)

    def stream(
        self,
        *,
        strip_id: str,
        lot_id: str,
        strip_seq: int,
        product: str,
        indices: Sequence[int] = (),
        heatmaps: Which = "rejected",
        style: Style = "anchored",
        simulated: bool = False,
        timeout_s: float = 1.0,
        on_early: Callable[[pb.RejectedEarly], object] | None = None,
    ) -> FrameStream:
        """Begin a strip whose frames are sent one by one, as they are acquired: into the stream that is returned.

        Use that in a `with`. `timeout_s` is the deadline of the whole call, acquisition included, `on_early` gets the
        frame that alone rejects the strip, in another thread. All else is as in `inspect`.
        """
        header = service_pb.StripHeader(
            strip_id=strip_id,
            lot_id=lot_id,
            strip_seq=strip_seq,
            product=product,
            heatmaps=heatmap_options(heatmaps, style),
            simulated=simulated,
        )
        return FrameStream(self._inspection, header, indices=indices, timeout_s=timeout_s, on_early=on_early)

    def status(self, *, timeout_s: float = 5.0) -> service_pb.GetStatusResponse:
        """Ask what the service runs and how it is. Raises ServiceError."""
        try:
            return self._inspection.GetStatus(service_pb.GetStatusRequest(), timeout=timeout_s)
        except grpc.RpcError as error:
            raise service_error(error) from error

    def is_serving(self, *, timeout_s: float = 5.0) -> bool:
        """Tell whether the service says that it inspects; False without an answer."""
        try:
            reply = self._health.Check(health_pb2.HealthCheckRequest(service=_SERVICE), timeout=timeout_s)
        except grpc.RpcError:
            return False
        return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)

    def watch(self, *, timeout_s: float) -> Iterator[int]:
        """Yield the service's health now and at each change: a grpc.health.v1 ServingStatus.

        Waits for a server that is not there yet. Raises ServiceError when it goes, and after `timeout_s`.
        """
        request = health_pb2.HealthCheckRequest(service=_SERVICE)
        states = self._health.Watch(request, timeout=timeout_s, wait_for_ready=True)
        try:
            for state in states:
                yield state.status
        except grpc.RpcError as error:
            raise service_error(error) from error
        finally:
            states.cancel()

    def wait_ready(self, timeout_s: float) -> None:
        """Return once the service inspects. Raises ServiceError when it does not within `timeout_s`."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                if health_pb2.HealthCheckResponse.SERVING in self.watch(timeout_s=end - time.monotonic()):
                    return
            except ServiceError as error:
                if error.code != grpc.StatusCode.UNAVAILABLE.name:  # that is a server that comes or goes
                    raise
