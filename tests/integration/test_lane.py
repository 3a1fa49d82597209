"""The inspection lane of the real server while it is taken: full, late, left alone, failing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

FAR_S = 60.0
ENGINE_FAILED = 6

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for answers."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def refusal(answer: Future[Answer]) -> ServiceError:
    """Return the error that a call ended with."""
    error = answer.exception(FAR_S)
    assert isinstance(error, ServiceError)
    return error


def test_beyond_the_waiting_places_a_strip_is_refused_while_the_lane_is_taken(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """One is inspected, one waits, the others are OVERLOADED before the first has ended."""
    server = start(strip_bundle.path, gated=True, waiting=1).started()
    server.until("armed")
    client = connect(server.target)
    first = pool.submit(ask, client, seed=101)
    server.until("infer")
    others = [pool.submit(ask, client, seed=seed) for seed in (102, 103, 105, 106)]
    refused = [server.until("refused") for _ in range(3)]
    assert {line["reason"] for line in refused} == {"OVERLOADED"}
    assert not first.done()
    server.say("go")
    server.until("infer")
    server.say("go")
    answered = [other for other in others if other.exception(FAR_S) is None]
    assert len(answered) == 1
    assert {refusal(other).code for other in others if other not in answered} == {"RESOURCE_EXHAUSTED"}
    for answer in (first, *answered):
        assert answer.result().reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_a_strip_is_answered_late_while_its_inspection_still_runs(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """The answer is a REJECT with LATE, and nothing else is taken until the work has ended."""
    server = start(strip_bundle.path, gated=True, waiting=0, slot_ms=600).started()
    server.until("armed")
    client = connect(server.target)
    reply = ask(client).reply.inspection
    assert (reply.verdict, list(reply.causes)) == (pb.VERDICT_REJECT, [pb.CAUSE_LATE])
    assert (reply.strip_id, reply.bundle_id) == ("S-101", strip_bundle.bundle_id)
    assert not reply.vials
    with pytest.raises(ServiceError) as refused:
        ask(client, seed=102)
    assert refused.value.reason == "OVERLOADED"
    server.say("go")
    assert server.until("a late inspection ended")["strip_id"] == "S-101"


def test_the_deadline_of_the_call_counts_where_it_is_sooner(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """With a long slot and a short deadline the server still stops waiting: LATE is in its log."""
    server = start(strip_bundle.path, gated=True, waiting=0).started()
    server.until("armed")
    answer: Answer | None = None
    try:
        answer = ask(connect(server.target), timeout_s=0.6)
    except ServiceError as error:  # the client's own clock may end the call as the answer arrives
        assert error.code == "DEADLINE_EXCEEDED"
    assert server.until("inspected")["causes"] == ["LATE"]
    assert answer is None or answer.reply.inspection.verdict == pb.VERDICT_REJECT
    server.say("go")
    server.until("a late inspection ended")


def test_a_client_that_leaves_does_not_free_the_lane(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """The next strip is OVERLOADED until the work of the one that was left has ended."""
    server = start(strip_bundle.path, gated=True, waiting=0).started()
    server.until("armed")
    leaving, staying = Client(server.target), connect(server.target)
    left = pool.submit(ask, leaving)
    server.until("infer")
    leaving.close()
    assert refusal(left).code == "CANCELLED"
    with pytest.raises(ServiceError) as refused:
        ask(staying, seed=102)
    assert refused.value.reason == "OVERLOADED"
    server.say("go")
    server.until("inspected")
    server.say("go")
    assert ask(staying, seed=103).reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_a_stuck_lane_shows_in_the_heartbeat(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """The count stands still while an inspection hangs, although GetStatus answers, and goes on later."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    client = connect(server.target)
    answer = pool.submit(ask, client)
    server.until("infer")
    stuck = client.status()
    while (status := client.status()).uptime_ms < stuck.uptime_ms + 1000:
        assert status.heartbeat == stuck.heartbeat
        threading.Event().wait(0.05)
    server.say("go")
    answer.result(FAR_S)
    while client.status().heartbeat == stuck.heartbeat:
        pass


def test_a_failure_of_the_engine_ends_the_server(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """INTERNAL with ENGINE_FAILED to that call, then exit with its own status; never an accept."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    answer = pool.submit(ask, connect(server.target))
    server.until("infer")
    server.say("fail")
    assert (refusal(answer).code, refusal(answer).reason) == ("INTERNAL", "ENGINE_FAILED")
    assert server.ended() == ENGINE_FAILED
    assert {"engine failed", "drain", "stop"} <= {line["event"] for line in server.lines}


def test_an_engine_that_fails_after_its_strip_was_answered_ends_the_server_too(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """Although nobody waits for the result any more."""
    server = start(strip_bundle.path, gated=True, slot_ms=600).started()
    server.until("armed")
    assert ask(connect(server.target)).reply.inspection.verdict == pb.VERDICT_REJECT
    server.say("fail")
    assert server.ended() == ENGINE_FAILED


def test_a_fault_that_nobody_expected_is_logged_and_answered_with_a_fixed_sentence(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """INTERNAL without a word of the fault, its traceback in the log, and the next strip is judged."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    client = connect(server.target)
    answer = pool.submit(ask, client)
    server.until("infer")
    server.say("crash")
    error = refusal(answer)
    assert (error.code, error.reason, error.facts) == ("INTERNAL", "INTERNAL", {})
    assert error.message == "The service failed; its log says why. This is not an accept."
    assert "RuntimeError: told to crash" in server.until("failed")["exception"]
    server.say("go")
    assert ask(client, seed=102).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert client.status().readiness == service_pb.READINESS_SERVING
