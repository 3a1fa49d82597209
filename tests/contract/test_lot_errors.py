"""What each call about lots that is wrong, or comes at the wrong time, gets."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_status import rpc_status

from stripsight.bundle import Bundle
from stripsight.client import Client
from stripsight.inspection.v1 import lot_service_pb2 as pb
from stripsight.inspection.v1.lot_service_pb2_grpc import LotServiceStub
from stripsight.rpc.server import Server

FAR_S = 60.0
Details = Callable[[Any], tuple[Any, list[str]]]


@pytest.fixture
def lots(serve: Callable[..., Server], strip_bundle: Bundle) -> Iterator[LotServiceStub]:
    """The lots of a server of the test's own."""
    server = serve(strip_bundle)
    server.start()
    server.ready()
    with grpc.insecure_channel(str(server.address)) as channel:
        yield LotServiceStub(channel)
    server.stop()


@pytest.fixture
def ended(details: Details) -> Callable[[Callable[[], object]], tuple[str, str, list[str]]]:
    """Make a call that ends with an error; return its status, its reason and the fields that are wrong."""

    def end(call: Callable[[], object]) -> tuple[str, str, list[str]]:
        with pytest.raises(grpc.RpcError) as error:
            call()
        assert isinstance(error.value, grpc.Call)
        info, fields = details(rpc_status.from_call(error.value))
        return error.value.code().name, info.reason, fields

    return end


def opening(**changes: str) -> pb.OpenLotRequest:
    """Return a right call to open a lot, but for `changes`."""
    return pb.OpenLotRequest(**({"lot_id": "L-1", "product": "small-5x4", "who": "Ada"} | changes))


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "no lot id": ({"lot_id": ""}, "ID_INVALID", "lot_id"),
    "a lot id of two lines": ({"lot_id": "L-1\nL-2"}, "ID_INVALID", "lot_id"),
    "a huge lot id": ({"lot_id": "L" * 100_000}, "ID_INVALID", "lot_id"),
    "no product": ({"product": ""}, "PRODUCT_MISMATCH", "product"),
    "another product": ({"product": "one-item"}, "PRODUCT_MISMATCH", "product"),
    "nobody": ({"who": ""}, "WHO_REQUIRED", "who"),
    "a blank name": ({"who": "   "}, "WHO_REQUIRED", "who"),
    "a name that paints": ({"who": "\x1b[31mAda"}, "WHO_REQUIRED", "who"),
}


def test_a_wrong_call_names_its_field_and_opens_nothing(lots: LotServiceStub, ended: Any) -> None:
    """INVALID_ARGUMENT, the reason that never changes, the field."""
    for changes, reason, field in WRONG.values():
        found = ended(lambda changes=changes: lots.OpenLot(opening(**changes), timeout=FAR_S))
        assert found == ("INVALID_ARGUMENT", reason, [field])
    nobody = pb.CloseLotRequest(lot_id="L-1")
    assert ended(lambda: lots.CloseLot(nobody, timeout=FAR_S)) == ("INVALID_ARGUMENT", "WHO_REQUIRED", ["who"])
    assert ended(lambda: lots.GetLot(pb.GetLotRequest(), timeout=FAR_S)) == ("NOT_FOUND", "LOT_UNKNOWN", [])


def test_a_call_needs_its_lot_in_the_right_state(lots: LotServiceStub, ended: Any) -> None:
    """Nothing to close, challenge or tell of before a lot is open; no other and no second time after."""
    closing = pb.CloseLotRequest(lot_id="L-1", who="Ada")
    challenge, unknown = pb.RunChallengeRequest(), pb.GetLotRequest(lot_id="L-2\x1b")
    assert ended(lambda: lots.CloseLot(closing, timeout=FAR_S)) == ("FAILED_PRECONDITION", "LOT_NOT_OPEN", [])
    assert ended(lambda: lots.RunChallenge(challenge, timeout=FAR_S)) == ("FAILED_PRECONDITION", "LOT_NOT_OPEN", [])
    assert ended(lambda: lots.GetLot(unknown, timeout=FAR_S)) == ("NOT_FOUND", "LOT_UNKNOWN", [])
    lots.OpenLot(opening(), timeout=FAR_S)
    other = opening(lot_id="L-2")
    assert ended(lambda: lots.OpenLot(other, timeout=FAR_S)) == ("FAILED_PRECONDITION", "LOT_OPEN", [])
    assert ended(lambda: lots.OpenLot(opening(), timeout=FAR_S)) == ("ALREADY_EXISTS", "LOT_EXISTS", [])
    lots.CloseLot(closing, timeout=FAR_S)
    assert ended(lambda: lots.OpenLot(opening(), timeout=FAR_S)) == ("ALREADY_EXISTS", "LOT_EXISTS", [])
    assert lots.GetLot(pb.GetLotRequest(lot_id="L-1"), timeout=FAR_S).lot.state == pb.LOT_STATE_CLOSED


def test_while_one_call_is_worked_on_a_further_one_is_refused(
    serve: Callable[..., Server], strip_bundle: Bundle, ended: Any
) -> None:
    """RESOURCE_EXHAUSTED at once, while a strip that holds the lane keeps the challenge waiting."""
    server = serve(strip_bundle)
    server.start()
    server.ready()
    target = str(server.address)
    ids: dict[str, Any] = {"strip_id": "S-1", "lot_id": "L-0", "strip_seq": 1, "product": "small-5x4"}
    with grpc.insecure_channel(target) as channel, ThreadPoolExecutor(1) as pool, Client(target) as client:
        lots = LotServiceStub(channel)
        early: queue.SimpleQueue[object] = queue.SimpleQueue()
        with client.stream(**ids, indices=(0, 7, 15), timeout_s=FAR_S, on_early=early.put) as stream:
            stream.send(np.zeros((144, 408), np.uint8))
            early.get(timeout=FAR_S)  # it has its place, and keeps it until its last frame
            first = pool.submit(lots.OpenLot, opening(), timeout=FAR_S)
            seen = [""]
            while seen[-1] != "OVERLOADED":
                seen.append(ended(lambda: lots.CloseLot(pb.CloseLotRequest(lot_id="L-9", who="Ada"), timeout=FAR_S))[1])
            assert set(seen[1:-1]) <= {"LOT_NOT_OPEN"}  # before the first had arrived
            assert not first.done()
        assert first.result(FAR_S).lot.state == pb.LOT_STATE_OPEN


def test_before_it_serves_and_while_it_drains_no_lot_is_opened(
    serve: Callable[..., Server], strip_bundle: Bundle, ended: Any
) -> None:
    """UNAVAILABLE, NOT_READY; a lot that is open stays open."""
    server = serve(strip_bundle)
    server.start()
    with grpc.insecure_channel(str(server.address)) as channel:
        lots = LotServiceStub(channel)
        assert ended(lambda: lots.OpenLot(opening(), timeout=FAR_S)) == ("UNAVAILABLE", "NOT_READY", [])
        server.ready()
        lots.OpenLot(opening(), timeout=FAR_S)
        assert server.station.closed(FAR_S)
        closing = pb.CloseLotRequest(lot_id="L-1", who="Ada")
        for call in (
            lambda: lots.CloseLot(closing, timeout=FAR_S),
            lambda: lots.RunChallenge(pb.RunChallengeRequest(), timeout=FAR_S),
        ):
            assert ended(call) == ("UNAVAILABLE", "NOT_READY", [])
        assert lots.GetLot(pb.GetLotRequest(), timeout=FAR_S).lot.state == pb.LOT_STATE_OPEN
