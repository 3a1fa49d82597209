"""The inspection service: translates, and nothing else."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import grpc

from stripsight.errors import StreamLeft
from stripsight.inspection.v1.inspection_service_pb2 import (
    GetStatusRequest,
    GetStatusResponse,
    InspectFramesRequest,
    InspectFramesResponse,
    InspectStripRequest,
    InspectStripResponse,
)
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceServicer
from stripsight.rpc import convert
from stripsight.station import Station
from stripsight.stream import StripStream
from stripsight.timing import Clock


class InspectionServicer(InspectionServiceServicer):
    """Hands strips to a station. Errors are turned into status by the interceptor."""

    def __init__(self, station: Station, clock: Clock = time.monotonic) -> None:
        """`clock` is the station's."""
        self._station = station
        self._clock = clock

    def InspectStrip(self, request: InspectStripRequest, context: grpc.ServicerContext) -> InspectStripResponse:
        """Judge one strip."""
        arrived, remaining_s = self._clock(), context.time_remaining()
        inspection = self._station.inspect(convert.strip_request(request), arrived, remaining_s)
        return convert.inspect_strip_response(inspection)

    def InspectFrames(
        self, request_iterator: Iterator[InspectFramesRequest], context: grpc.ServicerContext
    ) -> Iterator[InspectFramesResponse]:
        """Judge one strip whose frames come one by one."""
        stream = self._station.open_stream(self._clock(), context.time_remaining())
        # Of its own, since gRPC hands messages out without a time limit, and a lane at work must not delay them.
        threading.Thread(target=_receive, args=(request_iterator, stream), name="frames", daemon=True).start()
        yield from map(convert.inspect_frames_response, self._station.answers_of(stream))

    def GetStatus(self, request: GetStatusRequest, context: grpc.ServicerContext) -> GetStatusResponse:
        """Tell how the service is."""
        return convert.get_status_response(self._station.status())


def _receive(requests: Iterator[InspectFramesRequest], stream: StripStream) -> None:
    """Put a call's messages into `stream` as they arrive, and how the client's side ended."""
    try:
        for position, message in enumerate(islice(requests, stream.messages_max)):
            stream.put(convert.stream_part(message, position))
        stream.end()
    except grpc.RpcError:
        stream.fail(StreamLeft("the client left, or its deadline passed, before all frames had come"))
    except Exception as error:  # raised again by the thread that answers the call
        stream.fail(error)
