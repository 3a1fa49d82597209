"""The inspection service: translates, and nothing else."""

import time
from functools import partial

import grpc

from stripsight.inspection.v1.inspection_service_pb2 import (
    GetStatusRequest,
    GetStatusResponse,
    InspectStripRequest,
    InspectStripResponse,
)
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceServicer
from stripsight.rpc import convert
from stripsight.station import Station
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
        read = partial(convert.strip_request, request)
        inspection = self._station.inspect(convert.strip_key(request), read, arrived, remaining_s)
        return convert.inspect_strip_response(inspection)

    def GetStatus(self, request: GetStatusRequest, context: grpc.ServicerContext) -> GetStatusResponse:
        """Tell how the service is."""
        return convert.get_status_response(self._station.status())
