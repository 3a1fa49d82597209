"""The services of one server: who answers each, and how many calls are answered at once."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from stripsight.inspection.v1 import bundle_service_pb2, inspection_service_pb2, lot_service_pb2, record_service_pb2
from stripsight.inspection.v1.bundle_service_pb2_grpc import add_BundleServiceServicer_to_server
from stripsight.inspection.v1.inspection_service_pb2_grpc import add_InspectionServiceServicer_to_server
from stripsight.inspection.v1.lot_service_pb2_grpc import add_LotServiceServicer_to_server
from stripsight.inspection.v1.record_service_pb2_grpc import add_RecordServiceServicer_to_server
from stripsight.rpc.bundles import BundleServicer
from stripsight.rpc.health import Health
from stripsight.rpc.inspection import InspectionServicer
from stripsight.rpc.interceptors import ErrorsToStatus
from stripsight.rpc.listen import options
from stripsight.rpc.lots import LotServicer
from stripsight.rpc.parts import Parts
from stripsight.rpc.records import RecordServicer
from stripsight.rpc.unreceived import Unreceived
from stripsight.rpc.viewing import READERS
from stripsight.settings import Settings
from stripsight.timing import Clock

INSPECTION = inspection_service_pb2.DESCRIPTOR.services_by_name["InspectionService"].full_name
# Services that answer as long as the server listens, whether strips are inspected or not.
LOTS = lot_service_pb2.DESCRIPTOR.services_by_name["LotService"].full_name
RECORDS = record_service_pb2.DESCRIPTOR.services_by_name["RecordService"].full_name
BUNDLES = bundle_service_pb2.DESCRIPTOR.services_by_name["BundleService"].full_name
OTHERS = (LOTS, RECORDS, BUNDLES)

# Besides the strip inspected and those that wait: threads that refuse, and answer GetStatus and reflection.
_SPARE_THREADS = 4
# A call about lots takes as long as its challenge; further ones are refused at once.
_LOT_THREADS = 1
# A change of the bundle takes seconds; a second one is refused at once.
_CHANGE_THREADS = 1


def assembled(settings: Settings, parts: Parts, health_: Health, clock: Clock) -> grpc.Server:
    """Return a server that answers all services, and listens nowhere yet. `clock` is the station's."""
    threads = ThreadPoolExecutor(_threads(settings), thread_name_prefix="call")
    inspection = InspectionServicer(parts.station, settings.access, clock)
    unreceived = Unreceived(f"/{INSPECTION}/InspectStrip", inspection.inspect_unreceived)
    interceptors = [parts.entry.interceptor, ErrorsToStatus(parts.metrics), unreceived]
    server = grpc.server(threads, interceptors=interceptors, options=options(parts.bundle.recipe))
    add_InspectionServiceServicer_to_server(inspection, server)
    add_LotServiceServicer_to_server(LotServicer(parts.lots.keeper), server)
    add_RecordServiceServicer_to_server(RecordServicer(parts.views), server)
    add_BundleServiceServicer_to_server(BundleServicer(parts.changer), server)
    health_pb2_grpc.add_HealthServicer_to_server(health_.servicer, server)
    names = (INSPECTION, *OTHERS, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    return server


def _threads(settings: Settings) -> int:
    return 1 + settings.waiting + _SPARE_THREADS + _LOT_THREADS + _CHANGE_THREADS + READERS + settings.viewers
