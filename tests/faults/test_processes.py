"""Servers and clients that stop, die or leave while a strip is under way."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.journal.record import Outcome, StripRecord

FAR_S = 60.0
FRAMES = 3
LEAVER = """
import sys
from stripsight.bundle import load
from stripsight.client import Client
bundle = load(sys.argv[1])
ids = {"strip_id": "S", "lot_id": "L", "strip_seq": 77, "product": bundle.recipe.product.name}
Client(sys.argv[2]).inspect(bundle.challenge[0].frames, **ids, timeout_s=60)
"""

Ask = Callable[..., Answer]
Recorded = Callable[[Path], dict[int, StripRecord]]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for answers."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize(("number", "code"), [(signal.SIGSTOP, "DEADLINE_EXCEEDED"), (signal.SIGKILL, "UNAVAILABLE")])
def test_a_server_that_is_stopped_or_killed_mid_inspection_is_an_error_to_its_client(
    *, number: int, code: str, start: Any, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """Row 1: the call ends with an error, by its own deadline where nobody is left to end it."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    with Client(server.target) as client:
        answer = pool.submit(ask, client, timeout_s=2.0)
        server.until("infer")
        server.process.send_signal(number)
        error = answer.exception(FAR_S)
    assert isinstance(error, ServiceError)
    assert error.code == code


def test_what_a_stopped_server_finds_too_late_counts_as_late(
    *, start: Any, ask: Ask, recorded: Recorded, strip_bundle: Bundle, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    """Row 1: gone on with after the deadline, the strip is LATE in the log and on record."""
    server = start(strip_bundle.path, gated=True, record_dir=tmp_path).started()
    server.until("armed")
    with Client(server.target) as client:
        answer = pool.submit(ask, client, timeout_s=2.0, strip_seq=5)
        server.until("infer")
        server.process.send_signal(signal.SIGSTOP)
        assert isinstance(answer.exception(FAR_S), ServiceError)
        server.process.send_signal(signal.SIGCONT)
        assert server.until("inspected")["causes"] == ["LATE"]
    server.say("go")
    server.until("a late inspection ended")
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0  # nobody waited for the commit of so late an answer
    assert recorded(tmp_path)[5].causes == ("LATE",)


@pytest.mark.parametrize("before", range(FRAMES))
def test_a_stop_after_any_frame_lets_the_strip_be_answered_and_recorded(
    *,
    before: int,
    start: Any,
    ask: Ask,
    recorded: Recorded,
    strip_bundle: Bundle,
    tmp_path: Path,
    pool: ThreadPoolExecutor,
) -> None:
    """Row 13: SIGTERM with none, one or two of three frames inferred: an accept that is on record, exit 0."""
    server = start(strip_bundle.path, gated=True, record_dir=tmp_path).started()
    server.until("armed")
    with Client(server.target) as client:
        answer = pool.submit(ask, client, strip_seq=5)
        server.until("infer")
        for _ in range(before):
            server.say("frame")
            server.until("infer")
        server.process.send_signal(signal.SIGTERM)
        while client.status().readiness != service_pb.READINESS_DRAINING:
            pass
        for _ in range(before, FRAMES):
            server.say("frame")
        assert answer.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert server.ended() == 0
    assert recorded(tmp_path)[5].verdict is Outcome.ACCEPT


def test_a_client_that_is_killed_mid_call_leaves_a_record_and_no_trace_else(
    start: Any, ask: Ask, recorded: Recorded, strip_bundle: Bundle, tmp_path: Path
) -> None:
    """Row 6: SIGKILL while its strip is inferred: that strip is on record, and the next one is judged."""
    server = start(strip_bundle.path, gated=True, waiting=0, record_dir=tmp_path).started()
    server.until("armed")
    leaver = subprocess.Popen([sys.executable, "-c", LEAVER, str(strip_bundle.path), server.target])
    server.until("infer")
    leaver.kill()
    leaver.wait()
    server.say("go")
    assert server.until("inspected")["strip_seq"] == 77
    server.say("go")
    with Client(server.target) as client:
        assert ask(client).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert 77 in recorded(tmp_path)


def test_no_deadline_is_too_short_to_be_told_so(
    start: Any, ask: Ask, recorded: Recorded, strip_bundle: Bundle, tmp_path: Path
) -> None:
    """Row 6: from 1 to 500 ms each call is answered or ends with its deadline, has one record at most, and harms none.

    An accept that a client received is on record as one.
    """
    server, accepts = start(strip_bundle.path, waiting=20, record_dir=tmp_path).started(), []
    with Client(server.target) as client:
        for number, timeout_ms in enumerate((1, 2, 5, 10, 15, 20, 22, 25, 30, 50, 100, 200, 500), start=1000):
            try:
                reply = ask(client, strip_seq=number, timeout_s=timeout_ms / 1000).reply.inspection
                accepts += [number] if reply.verdict == pb.VERDICT_ACCEPT else []
            except ServiceError as error:
                assert error.code == "DEADLINE_EXCEEDED"
        assert ask(client, strip_seq=1).reply.inspection.verdict == pb.VERDICT_ACCEPT
    strips = recorded(tmp_path)
    assert all(strips[number].verdict is Outcome.ACCEPT for number in [*accepts, 1])
    reasons = {body.refusal.reason for body in strips.values() if body.refusal is not None}
    assert reasons <= {"SLOT_TOO_SHORT", "STREAM_LEFT"}  # the latter: it passed before the message had come
