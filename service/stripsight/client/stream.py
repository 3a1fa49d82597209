"""A strip on its way to the service frame by frame, seen from the client."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import grpc
import numpy as np
from numpy.typing import NDArray

from stripsight.client.messages import frame_message
from stripsight.client.service_error import ServiceError, service_error
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub

if TYPE_CHECKING:
    from stripsight.frame import FrameData  # it brings OpenCV, which a client does not need


@dataclass(frozen=True)
class Answer:
    """What was asked, what came back, and how long that took on the client's clock.

    `elapsed_s` runs from the sending of the request, or of a stream's last frame. A stream's `request` holds its header
    and the heads of its frames, without pixels; its `call_s` runs from the call's start.
    """

    request: service_pb.InspectStripRequest
    reply: service_pb.InspectStripResponse
    elapsed_s: float
    call_s: float | None = None
    rejected_early: pb.RejectedEarly | None = None


class FrameStream:
    """One strip: `send` each frame, then take the `answer`. Leaving the `with` before that ends the call.

    One thread at a time may use it.
    """

    def __init__(
        self,
        stub: InspectionServiceStub,
        header: service_pb.StripHeader,
        *,
        indices: Sequence[int],
        timeout_s: float,
        on_early: Callable[[pb.RejectedEarly], object] | None,
    ) -> None:
        """Begin the call and send the header. See Client.stream."""
        self._indices = indices
        self._on_early = on_early
        self._began = self._last_sent = time.monotonic()
        self._request = service_pb.InspectStripRequest(
            strip_id=header.strip_id,
            lot_id=header.lot_id,
            strip_seq=header.strip_seq,
            product=header.product,
            heatmaps=header.heatmaps,
            simulated=header.simulated,
        )
        self._outgoing: queue.SimpleQueue[service_pb.InspectFramesRequest | None] = queue.SimpleQueue()
        self._outgoing.put(service_pb.InspectFramesRequest(header=header))
        self._call = stub.InspectFrames(iter(self._outgoing.get, None), timeout=timeout_s)
        self._cancel: Callable[[], object] = self._call.cancel
        self._answer: Future[Answer] = Future()
        self._reader = threading.Thread(target=self._read, name="answers", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        """Return the stream."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the call, wherever it is."""
        self._cancel()  # first: the end of the frames alone would read as a strip with too few
        self._outgoing.put(None)
        self._reader.join()

    def send(self, frame: "pb.Frame | FrameData | NDArray[np.uint8]") -> None:
        """Send a frame: a message, a FrameData, or uint8 [H, W] that gets the index at its place in `indices`.

        Never waits for the service. Raises ServiceError when the call has already ended with one.
        """
        if self._answer.done():
            self._answer.result()
        message = frame_message(frame, self._indices, len(self._request.frames))
        self._request.frames.append(_head(message))
        self._last_sent = time.monotonic()
        self._outgoing.put(service_pb.InspectFramesRequest(frame=message))

    def answer(self) -> Answer:
        """Say that all frames are sent and wait for the inspection. Raises ServiceError, which is never an accept."""
        self._outgoing.put(None)
        return self._answer.result()

    def _read(self) -> None:
        """Take what the service sends, until it has ended the call."""
        try:
            self._answer.set_result(self._received())
        except grpc.RpcError as error:
            self._answer.set_exception(service_error(error))
        except Exception as error:  # of `on_early`, or no inspection: raised again where the answer is waited for
            self._answer.set_exception(error)

    def _received(self) -> Answer:
        early, answer = None, None
        for message in self._call:
            if message.HasField("rejected_early"):
                early = message.rejected_early
                if self._on_early is not None:
                    self._on_early(early)
            elif message.HasField("inspection"):
                now, reply = time.monotonic(), service_pb.InspectStripResponse(inspection=message.inspection)
                answer = Answer(self._request, reply, now - self._last_sent, now - self._began, early)
        if answer is None:
            raise ServiceError("UNKNOWN", "NO_INSPECTION", "the call ended without an inspection")
        return answer


def _head(frame: pb.Frame) -> pb.Frame:
    """Return a frame without its pixels: those were sent, and may be large."""
    return pb.Frame(
        index=frame.index,
        pixel_format=frame.pixel_format,
        width_px=frame.width_px,
        height_px=frame.height_px,
        crc32c=frame.crc32c,
    )
