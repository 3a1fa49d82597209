"""The lot service: translates, and nothing else."""

import grpc

from stripsight.inspection.v1.lot_service_pb2 import (
    CloseLotRequest,
    CloseLotResponse,
    GetLotRequest,
    GetLotResponse,
    OpenLotRequest,
    OpenLotResponse,
    RunChallengeRequest,
    RunChallengeResponse,
)
from stripsight.inspection.v1.lot_service_pb2_grpc import LotServiceServicer
from stripsight.lots.keeper import LotKeeper
from stripsight.rpc.access import peer_name
from stripsight.rpc.write_lot import challenge_run_message, lot_message


class LotServicer(LotServiceServicer):
    """Opens and closes lots. Errors are turned into status by the interceptor."""

    def __init__(self, keeper: LotKeeper) -> None:
        """`keeper` does it."""
        self._keeper = keeper

    def OpenLot(self, request: OpenLotRequest, context: grpc.ServicerContext) -> OpenLotResponse:
        """Open a lot."""
        lot = self._keeper.open(request.lot_id, request.product, request.who, peer_name(context))
        return OpenLotResponse(lot=lot_message(lot))

    def CloseLot(self, request: CloseLotRequest, context: grpc.ServicerContext) -> CloseLotResponse:
        """Close the lot that is open or stopped."""
        return CloseLotResponse(lot=lot_message(self._keeper.close(request.lot_id, request.who, peer_name(context))))

    def GetLot(self, request: GetLotRequest, context: grpc.ServicerContext) -> GetLotResponse:
        """Tell how a lot is."""
        return GetLotResponse(lot=lot_message(self._keeper.told(request.lot_id)))

    def RunChallenge(self, request: RunChallengeRequest, context: grpc.ServicerContext) -> RunChallengeResponse:
        """Run the challenge strips now."""
        return RunChallengeResponse(run=challenge_run_message(self._keeper.challenge(peer_name(context))))
