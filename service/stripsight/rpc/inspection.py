"""The inspection service: translates, and nothing else."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import grpc

from stripsight.access.roles import Access
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
from stripsight.rpc import read, write
from stripsight.rpc.unreceived import Leaving, OneMessage
from stripsight.station.arrivals import Arrivals
from stripsight.station.station import Station
from stripsight.timing import Clock


class InspectionServicer(InspectionServiceServicer):
    """Hands strips to a station. Errors are turned into status by the interceptor."""

    def __init__(self, station: Station, access: Access, clock: Clock = time.monotonic) -> None:
        """`access` is told by GetStatus, `clock` is the station's."""
        self._station = station
        self._access = access
        self._clock = clock

    def InspectStrip(self, request: InspectStripRequest, context: grpc.ServicerContext) -> InspectStripResponse:
        """Judge one strip."""
        return self.inspect_unreceived(iter([request]), context)

    def inspect_unreceived(
        self, requests: Iterator[InspectStripRequest], context: grpc.ServicerContext
    ) -> InspectStripResponse:
        """Judge one strip, whose message is received when it is needed: one named ahead may be refused without it."""
        message = OneMessage(requests, Leaving(context), self._station.idle_s, self._clock)
        key = read.strip_ahead(context.invocation_metadata()) or read.strip_key(message())
        inspection = self._station.inspect(
            key, lambda: read.strip_request(message(), key), lambda: message.arrived, context.time_remaining()
        )
        return write.inspect_strip_response(inspection)

    def InspectFrames(
        self, request_iterator: Iterator[InspectFramesRequest], context: grpc.ServicerContext
    ) -> Iterator[InspectFramesResponse]:
        """Judge one strip whose frames come one by one."""
        arrivals, remaining_s, leaving = self._station.arrivals(), context.time_remaining(), Leaving(context)
        # Of its own, since gRPC hands messages out without a time limit, and a lane at work must not delay them.
        threading.Thread(
            target=_receive, args=(request_iterator, arrivals, leaving), name="frames", daemon=True
        ).start()
        yield from map(write.inspect_frames_response, self._station.inspect_frames(arrivals, remaining_s))

    def GetStatus(self, request: GetStatusRequest, context: grpc.ServicerContext) -> GetStatusResponse:
        """Tell how the service is."""
        return write.get_status_response(self._station.status(), self._access)


def _receive(requests: Iterator[InspectFramesRequest], arrivals: Arrivals, leaving: Leaving) -> None:
    """Put a client's messages into `arrivals` as they arrive, and how its side ended."""
    gone = StreamLeft("the client left, or its deadline passed, before all frames had come")
    count = 0
    try:
        for message in islice(requests, arrivals.messages_max):
            arrivals.put(read.stream_part(message, count))
            count += 1
        if count < arrivals.messages_whole and leaving.told():
            arrivals.fail(gone)
        else:
            arrivals.end()
    except grpc.RpcError:
        arrivals.fail(gone)
    except Exception as error:  # raised again by the thread that answers the call
        arrivals.fail(error)
