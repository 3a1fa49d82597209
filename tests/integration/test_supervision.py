"""The real server under a supervisor: what arrives at its socket, and that a stuck lane falls silent."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.rpc.health import LANE

FAR_S = 60.0
ENGINE_FAILED = 6
States = health_pb2.HealthCheckResponse

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]


class Listener:
    """The supervisor's end of the socket."""

    def __init__(self, path: Path) -> None:
        """Listen."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def next(self) -> str:
        """Wait for the next message."""
        self.socket.settimeout(FAR_S)
        return self.socket.recv(4096).decode()

    def until(self, begin: str) -> str:
        """Wait for the next message that begins so; those before it are read over."""
        while not (message := self.next()).startswith(begin):
            pass
        return message

    def waiting(self) -> list[str]:
        """Return what has arrived by now."""
        self.socket.setblocking(False)
        messages = []
        try:
            while True:
                messages.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return messages


def lane(target: str) -> int:
    """Ask for the health of the lane, as Kubernetes does."""
    with grpc.insecure_channel(target) as channel:
        request = health_pb2.HealthCheckRequest(service=LANE)
        return int(health_pb2_grpc.HealthStub(channel).Check(request, timeout=FAR_S).status)


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A supervisor whose patience is 200 ms: the server looks at its lane every 50 ms."""
    listener = Listener(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    with listener.socket:
        yield listener


def test_the_start_the_lane_and_the_end_are_told(
    start: Start, connect: Connect, strip_bundle: Bundle, listener: Listener
) -> None:
    """READY=1 comes first and once it serves, WATCHDOG=1 while it idles, STOPPING=1 before it ends."""
    server = start(strip_bundle.path)
    assert listener.next() == "READY=1\nSTATUS=inspects on cpu"
    server.started()
    assert connect(server.target).is_serving()
    assert [listener.next() for _ in range(3)] == ["WATCHDOG=1"] * 3
    server.process.send_signal(signal.SIGTERM)
    listener.until("STOPPING=1\n")
    assert server.ended() == os.EX_OK


def test_a_server_that_cannot_serve_never_says_ready(start: Start, tmp_path: Path, listener: Listener) -> None:
    """A bundle that is not there: it ends without a word to the supervisor."""
    start(tmp_path / "nothing").ended()
    assert listener.waiting() == []


def test_a_stuck_lane_falls_silent(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, listener: Listener
) -> None:
    """No WATCHDOG=1 for 5 times the patience although GetStatus answers; the lane moves on, and it is back.

    The health of the lane says the same to a supervisor that asks.
    """
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    client = connect(server.target)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, client)
        server.until("infer")
        listener.until("WATCHDOG=1")  # the beat with which the strip's work began
        listener.waiting()
        stuck_ms = client.status().uptime_ms
        while client.status().uptime_ms < stuck_ms + 1000:
            assert listener.waiting() == []
        assert lane(server.target) == States.NOT_SERVING
        server.say("go")
        assert answer.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
    listener.until("WATCHDOG=1")
    while lane(server.target) != States.SERVING:
        pass


def test_an_engine_that_fails_tells_of_the_end(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, listener: Listener
) -> None:
    """STOPPING=1 before it ends by itself with its own status."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask, connect(server.target))
        server.until("infer")
        server.say("fail")
        listener.until("STOPPING=1\n")
    assert server.ended() == ENGINE_FAILED
