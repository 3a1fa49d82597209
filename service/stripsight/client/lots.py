"""The client that opens and closes lots: for the machine and for people at the line."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc

from stripsight.client.connection import Connection
from stripsight.client.service_error import ServiceError, service_error
from stripsight.inspection.v1 import lot_service_pb2 as pb
from stripsight.inspection.v1.lot_service_pb2_grpc import LotServiceStub

__all__ = ["LotClient", "ServiceError"]

# A challenge of a dozen strips between strips of a busy machine.
_CHALLENGE_S = 120.0
_ANSWER_S = 30.0  # a lot of the past is read from the record

T = TypeVar("T")


class LotClient(Connection):
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it.

    Each call raises ServiceError. One that opens, closes or challenges takes as long as the challenge strips; after one
    that ended with its deadline ask `get`: the service may have gone on.
    """

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made. `tls`: as in Client."""
        super().__init__(target, tls)
        self._lots = LotServiceStub(self._channel)

    def open_lot(self, lot_id: str, *, product: str, who: str, timeout_s: float = _CHALLENGE_S) -> pb.Lot:
        """Open a lot once the challenge strips have passed."""
        request = pb.OpenLotRequest(lot_id=lot_id, product=product, who=who)
        return _answer(lambda: self._lots.OpenLot(request, timeout=timeout_s)).lot

    def close_lot(self, lot_id: str, *, who: str, timeout_s: float = _CHALLENGE_S) -> pb.Lot:
        """Close the open lot after a last challenge, or a stopped one. `in_doubt` tells that it was missed."""
        request = pb.CloseLotRequest(lot_id=lot_id, who=who)
        return _answer(lambda: self._lots.CloseLot(request, timeout=timeout_s)).lot

    def get(self, lot_id: str = "", *, timeout_s: float = _ANSWER_S) -> pb.Lot:
        """Return a lot; without an id the one that is open or stopped."""
        return _answer(lambda: self._lots.GetLot(pb.GetLotRequest(lot_id=lot_id), timeout=timeout_s)).lot

    def challenge(self, *, timeout_s: float = _CHALLENGE_S) -> pb.ChallengeRun:
        """Run the challenge strips now; `missed` of the run says how it went."""
        return _answer(lambda: self._lots.RunChallenge(pb.RunChallengeRequest(), timeout=timeout_s)).run


def _answer(call: Callable[[], T]) -> T:
    try:
        return call()
    except grpc.RpcError as error:
        raise service_error(error) from error
