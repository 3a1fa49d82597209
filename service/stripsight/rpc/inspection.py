"""The inspection service: translates, and nothing else."""

import threading
import time
from collections.abc import Iterator
from functools import partial
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
from stripsight.station.arrivals import Arrivals
from stripsight.station.station import Station
from stripsight.timing import Clock

# gRPC may end the messages of a client that leaves as those of one that has sent all, and say a moment later which.
_LEFT_S = 0.1


class InspectionServicer(InspectionServiceServicer):
    """Hands strips to a station. Errors are turned into status by the interceptor."""

    def __init__(self, station: Station, access: Access, clock: Clock = time.monotonic) -> None:
        """`access` is told by GetStatus, `clock` is the station's."""
        self._station = station
        self._access = access
        self._clock = clock

    def InspectStrip(self, request: InspectStripRequest, context: grpc.ServicerContext) -> InspectStripResponse:
        """Judge one strip."""
        arrived, remaining_s = self._clock(), context.time_remaining()
        reads = partial(read.strip_request, request)
        inspection = self._station.inspect(read.strip_key(request), reads, arrived, remaining_s)
        return write.inspect_strip_response(inspection)

    def InspectFrames(
        self, request_iterator: Iterator[InspectFramesRequest], context: grpc.ServicerContext
    ) -> Iterator[InspectFramesResponse]:
        """Judge one strip whose frames come one by one."""
        arrivals, remaining_s, left = self._station.arrivals(), context.time_remaining(), threading.Event()
        if not context.add_callback(left.set):
            left.set()
        # Of its own, since gRPC hands messages out without a time limit, and a lane at work must not delay them.
        threading.Thread(target=_receive, args=(request_iterator, arrivals, left), name="frames", daemon=True).start()
        yield from map(write.inspect_frames_response, self._station.inspect_frames(arrivals, remaining_s))

    def GetStatus(self, request: GetStatusRequest, context: grpc.ServicerContext) -> GetStatusResponse:
        """Tell how the service is."""
        return write.get_status_response(self._station.status(), self._access)


def _receive(requests: Iterator[InspectFramesRequest], arrivals: Arrivals, left: threading.Event) -> None:
    """Put a client's messages into `arrivals` as they arrive, and how its side ended; `left` tells that it has left."""
    gone = StreamLeft("the client left, or its deadline passed, before all frames had come")
    count = 0
    try:
        for message in islice(requests, arrivals.messages_max):
            arrivals.put(read.stream_part(message, count))
            count += 1
        if count < arrivals.messages_whole and left.wait(_LEFT_S):
            arrivals.fail(gone)
        else:
            arrivals.end()
    except grpc.RpcError:
        arrivals.fail(gone)
    except Exception as error:  # raised again by the thread that answers the call
        arrivals.fail(error)
