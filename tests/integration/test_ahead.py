"""Strips that are named ahead of their message: who gets no place is refused without it, and no place is lost."""

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import grpc
import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.client.messages import strip_ahead
from stripsight.client.service_error import service_error
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest

FAR_S = 60.0
INSPECT = "/stripsight.inspection.v1.InspectionService/InspectStrip"

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]


class Unsent:
    """A call that names its strip and sends no message, until the client leaves."""

    def __init__(self, target: str, number: int) -> None:
        self._go, self._channel = threading.Event(), grpc.insecure_channel(target)
        named = strip_ahead(InspectStripRequest(strip_id=f"S-{number}", lot_id="L-1", strip_seq=number))
        call = self._channel.stream_unary(INSPECT, bytes, bytes)
        self.answer: Any = call.future(self._nothing(), timeout=FAR_S, metadata=named)

    def _nothing(self) -> Iterator[bytes]:
        self._go.wait()
        yield from ()

    def refusal(self) -> ServiceError:
        """Wait for the error that it ends with."""
        error = self.answer.exception(FAR_S)
        assert isinstance(error, grpc.RpcError)
        return service_error(error)

    def leave(self) -> None:
        """End it, whatever has become of it."""
        self._channel.close()
        self._go.set()


@pytest.fixture
def unsent() -> Iterator[Callable[[str, int], Unsent]]:
    """Begin calls that end with the test: `unsent(target, number of the strip)`."""
    calls: list[Unsent] = []

    def begin(target: str, number: int) -> Unsent:
        calls.append(Unsent(target, number))
        return calls[-1]

    yield begin
    for call in calls:
        call.leave()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for answers."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def taken(
    start: Start, strip_bundle: Bundle, connect: Connect, ask: Ask, pool: ThreadPoolExecutor
) -> tuple[Any, Future[Answer]]:
    """A server whose only place a strip has, and the answer that it will get."""
    server = start(strip_bundle.path, gated=True, waiting=0).started()
    server.until("armed")
    answer = pool.submit(ask, connect(server.target), strip_seq=9001)
    server.until("infer")
    return server, answer


def test_a_strip_without_a_place_is_refused_before_its_message_has_come(
    taken: tuple[Any, Future[Answer]], connect: Connect, ask: Ask, unsent: Callable[..., Unsent]
) -> None:
    """OVERLOADED with its facts, counted, and on record: the same strip gets it again when the lane is free."""
    server, first = taken
    refused = unsent(server.target, 101).refusal()
    assert (refused.code, refused.reason, refused.facts) == ("RESOURCE_EXHAUSTED", "OVERLOADED", {"waiting_max": "0"})
    with urllib.request.urlopen(f"http://{server.metrics}/metrics") as reply:
        assert b'stripsight_refused_total{reason="OVERLOADED"} 1.0' in reply.read()
    server.say("go")
    first.result(FAR_S)
    with pytest.raises(ServiceError) as again:
        ask(connect(server.target), strip_seq=101)
    assert (again.value.reason, again.value.facts) == (refused.reason, refused.facts)


class Relay:
    """A way to a server that counts the bytes that go there."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self.sent = 0
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, server = self._listener.accept()[0], socket.create_connection(self._server)
                for way in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with source, suppress(OSError):
            while data := source.recv(1 << 16):
                if counted:  # by one thread alone
                    self.sent += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def test_the_frames_of_a_refused_strip_stay_with_the_client(
    start: Start, strip_bundle: Bundle, connect: Connect, unsent: Callable[..., Unsent]
) -> None:
    """Of a megabyte no more arrives than a call's window, however many strips have come whole before."""
    server = start(strip_bundle.path, waiting=0, stream_idle_ms=600_000).started()
    relay, large = Relay(server.target), [pb.Frame(data=bytes(1_000_000))]
    client = connect(relay.target)
    with closing(relay):

        def refused(number: int) -> tuple[str, int]:
            before = relay.sent
            with pytest.raises(ServiceError) as error:
                client.inspect(
                    large, strip_id="S", lot_id="L-1", strip_seq=number, product="small-5x4", timeout_s=FAR_S
                )
            return error.value.reason, relay.sent - before

        for number in range(1, 31):
            reason, arrived = refused(number)
            assert reason == "PIXEL_FORMAT"
            assert arrived > 1_000_000
        for number in (101, 102):  # one of them has the place once the other is refused
            unsent(server.target, number)
        while server.until("refused")["reason"] != "OVERLOADED":
            pass
        found = [refused(number) for number in range(31, 41)]
    assert {reason for reason, _ in found} == {"OVERLOADED"}
    assert max(arrived for _, arrived in found) < 200_000


def test_a_refusal_that_meets_a_message_on_its_way_leaves_the_connection_as_it_was(
    taken: tuple[Any, Future[Answer]], connect: Connect, ask: Ask, pool: ThreadPoolExecutor
) -> None:
    """The client library says OVERLOADED, each time, and the same connection carries the next calls."""
    server, first = taken
    client = connect(server.target)
    large = [pb.Frame(data=bytes(1_000_000))]
    for number in range(1, 11):
        with pytest.raises(ServiceError) as refused:
            client.inspect(large, strip_id="S", lot_id="L-1", strip_seq=number, product="small-5x4", timeout_s=FAR_S)
        assert (refused.value.reason, refused.value.facts) == ("OVERLOADED", {"waiting_max": "0"})
    assert client.status().product.name == "small-5x4"
    server.say("go")
    first.result(FAR_S)
    waiting = pool.submit(ask, client)
    server.until("infer")
    server.say("go")
    assert waiting.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_a_repeat_gets_its_answer_while_the_lane_is_taken(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """That of a strip on record at once, that of the strip in the lane when it has one."""
    server = start(strip_bundle.path, gated=True, waiting=0).started()
    server.until("armed")
    client = connect(server.target)
    answers = []
    for number in (7001, 7002):
        answers.append(pool.submit(ask, client, strip_seq=number))
        server.until("infer")
        if number == 7001:
            server.say("go")
            answers[0].result(FAR_S)
    on_record = ask(client, strip_seq=7001).reply.inspection
    assert on_record.record_seq == answers[0].result().reply.inspection.record_seq
    in_the_lane = pool.submit(ask, client, strip_seq=7002)
    server.say("go")
    found = [answer.result(FAR_S).reply.inspection for answer in (answers[1], in_the_lane)]
    assert found[0].record_seq == found[1].record_seq
    assert {inspection.verdict for inspection in (on_record, *found)} == {pb.VERDICT_ACCEPT}


def test_a_client_that_leaves_before_its_message_has_come_gives_its_place_back(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, unsent: Callable[..., Unsent]
) -> None:
    """It holds the only place, so that another is refused; once it has left the next strip is judged."""
    server = start(strip_bundle.path, waiting=0).started()
    two = [unsent(server.target, number) for number in (101, 102)]
    assert server.until("refused")["reason"] == "OVERLOADED"
    for call in two:
        call.leave()
    assert server.until("refused")["reason"] == "STREAM_LEFT"
    assert ask(connect(server.target)).reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_a_client_that_sends_no_message_for_too_long_gives_its_place_back(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, unsent: Callable[..., Unsent]
) -> None:
    """STREAM_IDLE by the server's own setting, and the next strip is judged."""
    server = start(strip_bundle.path, waiting=0, stream_idle_ms=1000).started()
    refused = unsent(server.target, 101).refusal()
    assert (refused.code, refused.reason, refused.facts) == ("DEADLINE_EXCEEDED", "STREAM_IDLE", {"idle_ms": "1000"})
    assert ask(connect(server.target)).reply.inspection.verdict == pb.VERDICT_ACCEPT
