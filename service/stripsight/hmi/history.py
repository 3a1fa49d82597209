"""Reads out of the record what the page begins with: the strips of the latest lot."""

from itertools import islice

from stripsight.hmi.service import Service
from stripsight.hmi.strip import Strip, strip_of
from stripsight.hmi.tally import Tally, tally_of
from stripsight.inspection.v1 import record_service_pb2 as record_pb

MOST = 5000
_PAGE = 500


def read_lot(service: Service) -> tuple[Tally, tuple[Strip, ...]]:
    """Return the tally of the latest lot and its strips, the latest first, at most `MOST`. Raises ServiceError."""
    latest = next(service.list(record_pb.ListInspectionsRequest(page_size=1)), None)
    if latest is None:
        return Tally(), ()
    asked = record_pb.ListInspectionsRequest(page_size=_PAGE, lot_id=latest.inspection.lot_id)
    strips = tuple(strip_of(one) for one in islice(service.list(asked), MOST))
    return tally_of(reversed(strips), complete=len(strips) < MOST), strips
