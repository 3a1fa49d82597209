"""The client that a machine uses.

No reply, a late one, another strip's, or one that is not wholly what an accept must be, is a reject: see
`is_accept`.
"""

import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

import google_crc32c
import grpc
import numpy as np
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from numpy.typing import NDArray

from stripsight.accept import is_accept, regions_of
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub

if TYPE_CHECKING:
    from stripsight.frame import FrameData  # it brings OpenCV, which a client does not need

__all__ = ["Answer", "Client", "ServiceError", "frame_message", "is_accept", "png_message", "regions_of"]

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # an inspection never takes the way round that the environment may name
]
_SERVICE = service_pb.DESCRIPTOR.services_by_name["InspectionService"].full_name


class ServiceError(Exception):
    """No answer but an error.

    `code` is gRPC's name of the status and `reason` the service's word, which never changes its meaning; an
    error that does not come from the service, such as no connection, has the code as its reason. `facts` are
    the values that `message` speaks of, `violations` the wrong fields and what is wrong with each.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        message: str,
        facts: Mapping[str, str] | None = None,
        violations: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Keep what the service said."""
        super().__init__(f"{reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.facts = dict(facts or {})
        self.violations = tuple(violations)


@dataclass(frozen=True)
class Answer:
    """What was asked, what came back, and how long that took on the client's clock."""

    request: service_pb.InspectStripRequest
    reply: service_pb.InspectStripResponse
    elapsed_s: float


class Client:
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it."""

    def __init__(self, target: str) -> None:
        """Connect to `target`, host:port, when the first call is made."""
        self._channel = grpc.insecure_channel(target, options=_OPTIONS)
        self._inspection = InspectionServiceStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the connection and all calls under way."""
        self._channel.close()

    def inspect(
        self,
        frames: Sequence["pb.Frame | FrameData | NDArray[np.uint8]"],
        *,
        strip_id: str,
        lot_id: str,
        strip_seq: int,
        product: str,
        indices: Sequence[int] = (),
        heatmaps: Literal["rejected", "all", "none"] = "rejected",
        style: Literal["anchored", "minmax"] = "anchored",
        timeout_s: float = 0.5,
    ) -> Answer:
        """Have one strip judged.

        A frame is a message, a FrameData, or uint8 [H, W] that is sent as MONO8 with the index at its
        position in `indices`. `timeout_s` is the deadline that the service gets to know. Raises ServiceError,
        which is never an accept.
        """
        request = service_pb.InspectStripRequest(
            strip_id=strip_id,
            lot_id=lot_id,
            strip_seq=strip_seq,
            product=product,
            frames=[frame_message(frame, indices, position) for position, frame in enumerate(frames)],
            heatmaps=pb.HeatmapOptions(
                which=pb.HeatmapWhich.Value(f"HEATMAP_WHICH_{heatmaps.upper()}"),
                style=pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{style.upper()}"),
            ),
        )
        return self.send(request, timeout_s=timeout_s)

    def send(self, request: service_pb.InspectStripRequest, *, timeout_s: float = 0.5) -> Answer:
        """Send a request as it is. Raises ServiceError."""
        start = time.monotonic()
        try:
            reply = self._inspection.InspectStrip(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise _service_error(error) from error
        return Answer(request, reply, time.monotonic() - start)

    def status(self, *, timeout_s: float = 5.0) -> service_pb.GetStatusResponse:
        """Ask what the service runs and how it is. Raises ServiceError."""
        try:
            return self._inspection.GetStatus(service_pb.GetStatusRequest(), timeout=timeout_s)
        except grpc.RpcError as error:
            raise _service_error(error) from error

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
            raise _service_error(error) from error
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


def frame_message(frame: "pb.Frame | FrameData | NDArray[np.uint8]", indices: Sequence[int], position: int) -> pb.Frame:
    """Write one frame. Raises ValueError for an array that is not uint8 [H, W], or has no index."""
    if isinstance(frame, pb.Frame):
        return frame
    if not isinstance(frame, np.ndarray):
        message = pb.Frame(
            index=frame.index,
            data=frame.data,
            pixel_format=pb.PixelFormat.Value(f"PIXEL_FORMAT_{frame.pixel_format}"),
            width_px=frame.width_px,
            height_px=frame.height_px,
            crc32c=frame.crc32c,
        )
        if frame.capture_time is not None:
            message.capture_time.FromDatetime(frame.capture_time.astimezone(UTC))
        return message
    if frame.ndim != 2 or frame.dtype != np.uint8:
        raise ValueError(f"frame {position}: expected uint8 [H, W], found {frame.dtype} {list(frame.shape)}")
    if position >= len(indices):
        raise ValueError(f"frame {position}: expected as many indices as frames, found {len(indices)}")
    data = frame.tobytes()
    height, width = frame.shape
    return pb.Frame(
        index=indices[position],
        data=data,
        pixel_format=pb.PIXEL_FORMAT_MONO8,
        width_px=width,
        height_px=height,
        crc32c=google_crc32c.value(data),
    )


def png_message(index: int, data: bytes) -> pb.Frame:
    """Write a frame out of a PNG file's bytes. Raises ValueError when they do not begin as a PNG does."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        raise ValueError(
            f"frame {index}: expected a PNG file, found one that begins with {data[:8].hex() or 'nothing'}"
        )
    width, height = struct.unpack_from(">II", data, 16)
    return pb.Frame(
        index=index,
        data=data,
        pixel_format=pb.PIXEL_FORMAT_PNG,
        width_px=width,
        height_px=height,
        crc32c=google_crc32c.value(data),
    )


def _service_error(error: grpc.RpcError) -> ServiceError:
    code, text = error.code().name, error.details() or ""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in _details(error):
        detail.Unpack(info)  # fills the one of its own type and leaves the other alone
        detail.Unpack(bad)
    violations = [(violation.field, violation.description) for violation in bad.field_violations]
    return ServiceError(code, info.reason or code, text, info.metadata, violations)


def _details(error: grpc.RpcError) -> Sequence[any_pb2.Any]:
    if not isinstance(error, grpc.Call):
        return ()
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that do not belong to this status
        return ()
    return () if status is None else status.details
