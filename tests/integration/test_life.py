"""The server's life: it starts whole or not at all, drains on a signal, and its status says how it ended."""

import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2

from stripsight import bundle as bundles
from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

FAR_S = 60.0
OK, ERROR, BUNDLE, PROVIDER, ADDRESS, STUCK = 0, 2, 3, 4, 5, 7

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for answers."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def said(server: Any) -> str:
    """Return what a server that ended wrote for people: one line, without a traceback."""
    assert server.stderr.count("\n") == 1, server.stderr
    assert server.stderr.startswith("stripsight: ")
    return str(server.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_an_inspection_lets_it_finish(
    *, number: int, start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, pool: ThreadPoolExecutor
) -> None:
    """The strip is answered with its verdict, a new one is refused, and the exit status is 0."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    client = connect(server.target)
    answer = pool.submit(ask, client)
    server.until("infer")
    server.process.send_signal(number)
    server.until("drain")
    assert not client.is_serving()
    while client.status().readiness != service_pb.READINESS_DRAINING:
        pass
    with pytest.raises(ServiceError) as refused:
        ask(client, seed=102)
    assert (refused.value.code, refused.value.reason) == ("UNAVAILABLE", "NOT_READY")
    server.say("go")
    assert answer.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert (server.ended(), server.stderr) == (OK, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_an_idle_server_ends_it(number: int, start: Start, strip_bundle: Bundle) -> None:
    """Start, ready, drain, stop, in this order, with exit status 0."""
    server = start(strip_bundle.path).started()
    server.process.send_signal(number)
    assert (server.ended(), server.stderr) == (OK, "")
    assert [line["event"] for line in server.lines] == ["start", "ready", "drain", "stop"]


def test_who_watches_the_health_sees_serving_and_then_not(start: Start, connect: Connect, strip_bundle: Bundle) -> None:
    """A watcher sees NOT_SERVING at the drain, and does not keep the server from ending."""
    server = start(strip_bundle.path).started()
    client = connect(server.target)
    client.wait_ready(FAR_S)
    states = client.watch(timeout_s=FAR_S)
    assert next(states) == health_pb2.HealthCheckResponse.SERVING
    server.process.send_signal(signal.SIGTERM)
    assert next(states) == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.ended() == OK


def test_an_inspection_that_never_ends_does_not_keep_the_server(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """After a slot the server leaves without it, with a status of its own."""
    server = start(strip_bundle.path, gated=True, slot_ms=600).started()
    server.until("armed")
    assert list(ask(connect(server.target)).reply.inspection.causes) == [pb.CAUSE_LATE]
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == STUCK


@pytest.mark.parametrize("name", ["listen", "metrics_listen"])
def test_a_second_server_on_a_port_ends_with_a_plain_message(
    name: str, start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """It names the address; the first server goes on."""
    first = start(strip_bundle.path).started()
    taken = first.target if name == "listen" else first.metrics
    second = start(strip_bundle.path, **{name: taken})
    assert second.ended() == ADDRESS
    assert f"cannot listen on {taken}" in said(second)
    assert ask(connect(first.target)).reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_cuda_that_is_not_there_is_refused(start: Start, strip_bundle: Bundle) -> None:
    """Asked for CUDA with no GPU in sight: no silent fall-back to the CPU, a status of its own."""
    server = start(strip_bundle.path, provider="cuda", hide_gpus=True)
    assert server.ended() == PROVIDER
    assert "expected cuda, found cpu" in server.stderr.splitlines()[-1]  # CUDA's own complaints come before
    assert [line["event"] for line in server.lines] == ["start", "stop"]


def test_the_cpu_is_used_where_it_is_allowed_by_name(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """With cuda-or-cpu and no GPU it serves, and says in every reply that it computes on the CPU."""
    server = start(strip_bundle.path, provider="cuda-or-cpu", hide_gpus=True).started()
    assert server.where["provider"] == "cpu"
    assert ask(connect(server.target)).reply.inspection.provider == pb.PROVIDER_CPU


def copied(bundle: Bundle, to: Path) -> Path:
    """Copy a bundle's files."""
    for path in bundle.path.rglob("*"):
        if path.is_file():
            target = to / path.relative_to(bundle.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return to


def test_a_changed_bundle_is_refused(start: Start, strip_bundle: Bundle, tmp_path: Path) -> None:
    """One byte more in a threshold file: a plain message that names the file, and nothing listens."""
    changed = copied(strip_bundle, tmp_path / "changed")
    with (changed / "thresholds.json").open("a") as file:
        file.write("\n")
    server = start(changed)
    assert server.ended() == BUNDLE
    assert "BUNDLE_FILE_CHANGED: thresholds.json" in said(server)
    assert [line["event"] for line in server.lines] == ["stop"]


def test_no_bundle_is_refused(start: Start, tmp_path: Path) -> None:
    """A path with nothing there is named."""
    server = start(tmp_path / "nothing")
    assert server.ended() == BUNDLE
    assert str(tmp_path / "nothing") in said(server)


def test_an_engine_that_fails_the_challenge_set_never_serves(
    start: Start, strip_bundle: Bundle, tmp_path: Path
) -> None:
    """Scores other than the bundle's own: refused after the start, before anything was ready."""
    drifted = [replace(strip, scores=strip.scores * 0.9) for strip in strip_bundle.challenge]
    thresholds = json.loads((strip_bundle.path / "thresholds.json").read_text())
    wrong = bundles.write(
        tmp_path / "drifted",
        recipe_text=(strip_bundle.path / "recipe.toml").read_text(),
        graph=strip_bundle.graph,
        thresholds=thresholds["regions"],
        challenge=drifted,
        card_text="# Drifted\n",
        provenance={},
    )
    server = start(wrong.path)
    assert server.ended() == BUNDLE
    assert "BUNDLE_CHALLENGE_FAILED" in said(server)
    assert "ready" not in [line["event"] for line in server.lines]


def test_a_wrong_setting_is_refused_by_name(start: Start, strip_bundle: Bundle) -> None:
    """The variable is named, nothing starts."""
    server = start(strip_bundle.path, waiting=-1)
    assert server.ended() == ERROR
    assert "STRIPSIGHT_WAITING" in said(server)
