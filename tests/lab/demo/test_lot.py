"""The machine's lot against a service of this test's own, over the wire."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from stripsight.inspection.v1 import lot_service_pb2 as pb
from stripsight.inspection.v1.lot_service_pb2_grpc import LotServiceServicer, add_LotServiceServicer_to_server
from stripsight_lab.demo.lot import NoLot, lot_open


class Lots(LotServiceServicer):
    """A service that opens and closes what it is told to, and answers as the test says."""

    def __init__(self) -> None:
        """No lot is open; challenges pass."""
        self.calls: list[str] = []
        self.left = ""
        self.missed: list[str] = []
        self.fails = False

    def _lot(self, call: str, lot_id: str, context: grpc.ServicerContext) -> pb.Lot:
        self.calls.append(f"{call} {lot_id}")
        if self.fails:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no")
        run = pb.ChallengeRun(strips=2, missed=self.missed)
        return pb.Lot(lot_id=lot_id, challenges=[run], in_doubt=pb.StripsInDoubt(accepted=3))

    def OpenLot(self, request: pb.OpenLotRequest, context: grpc.ServicerContext) -> pb.OpenLotResponse:
        """Open."""
        return pb.OpenLotResponse(lot=self._lot("open", request.lot_id, context))

    def CloseLot(self, request: pb.CloseLotRequest, context: grpc.ServicerContext) -> pb.CloseLotResponse:
        """Close."""
        return pb.CloseLotResponse(lot=self._lot("close", request.lot_id, context))

    def GetLot(self, request: pb.GetLotRequest, context: grpc.ServicerContext) -> pb.GetLotResponse:
        """Tell of the lot that was left open."""
        return pb.GetLotResponse(lot=pb.Lot(lot_id=self.left))


@pytest.fixture
def lots() -> Iterator[tuple[Lots, str]]:
    """A service, and its address."""
    service, server = Lots(), grpc.server(ThreadPoolExecutor(2))
    service.left = "left"
    add_LotServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield service, f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_the_lot_is_open_while_the_machine_runs(lots: tuple[Lots, str]) -> None:
    """What an earlier run left open is closed first; each challenge is told."""
    service, address = lots
    said: list[str] = []
    with lot_open(address, "L-1", "p", threading.Event(), said.append):
        assert service.calls == ["close left", "open L-1"]
        service.missed = ["strip a: wrong"]
    assert service.calls[-1] == "close L-1"
    assert said == [
        "lot L-1 is open: 2 challenge strips passed",
        "lot L-1 is closed: 1 of 2 challenge strips MISSED, 3 strips in doubt",
    ]


def test_a_lot_that_cannot_be_opened_is_told(lots: tuple[Lots, str]) -> None:
    """The machine does not run."""
    service, address = lots
    service.fails = True
    with (
        pytest.raises(NoLot, match="lot L-1: FAILED_PRECONDITION"),
        lot_open(address, "L-1", "p", threading.Event(), print),
    ):
        raise AssertionError("the machine runs")


def test_a_server_that_died_is_not_asked(lots: tuple[Lots, str]) -> None:
    """Neither to open nor to close; what the death means is for others to say."""
    service, address = lots
    ended = threading.Event()
    with lot_open(address, "L-1", "p", ended, print):
        ended.set()
        service.calls.clear()
    with lot_open(address, "L-2", "p", ended, print):
        pass
    assert service.calls == []
