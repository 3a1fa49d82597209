"""The rules that ship, loaded into a real Prometheus beside the real service: break it, and see the alerts fire."""

import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.client.lots import LotClient
from stripsight.inspection.v1 import inspection_pb2 as pb

CUDA = [sys.executable, str(Path(__file__).with_name("cuda_server.py"))]
DRIFTING = [sys.executable, str(Path(__file__).parents[1] / "drifting_server.py")]
NEVER = {"StripsightAcceptUnrecorded", "StripsightRecordBroken", "StripsightChallengeMissed", "StripsightFault"}

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]
Watch = Callable[[Any], Any]


def test_a_service_that_works_raises_nothing_that_must_never_happen(
    start: Start, connect: Connect, ask: Ask, watch: Watch, strip_bundle: Bundle
) -> None:
    """Accepts and rejects, several scrapes long."""
    server = start(strip_bundle.path).started()
    client, prometheus = connect(server.target), watch(server)
    for seed in range(101, 107):
        ask(client, seed=seed, defective=seed % 3 == 0)
        count = f"sum(stripsight_inspections_total) == {seed - 100}"
        prometheus.until_some(count)
    assert not prometheus.firing() & (NEVER | {"StripsightLate", "StripsightLatencyBurnsFast"})


def test_a_service_that_was_killed_is_down(start: Start, watch: Watch, strip_bundle: Bundle) -> None:
    """StripsightDown."""
    server = start(strip_bundle.path).started()
    prometheus = watch(server)
    server.process.send_signal(signal.SIGKILL)
    assert prometheus.until_fires("StripsightDown")["severity"] == "critical"


def test_a_service_that_lost_its_gpu_fell_back(start: Start, watch: Watch, strip_bundle: Bundle) -> None:
    """StripsightProviderFellBack, once the next start computes on the CPU, and that it was started anew."""
    first = start(strip_bundle.path, command=CUDA).started()
    prometheus = watch(first)
    prometheus.until('stripsight_provider_info{provider="cuda"}', 1)
    first.process.send_signal(signal.SIGKILL)
    first.ended()
    start(strip_bundle.path, metrics_listen=first.metrics).started()
    assert prometheus.until_fires("StripsightProviderFellBack")["severity"] == "critical"
    prometheus.until_fires("StripsightRestarted")


def test_late_strips_are_told_and_burn_the_allowance(
    start: Start, connect: Connect, ask: Ask, watch: Watch, strip_bundle: Bundle
) -> None:
    """StripsightLate and StripsightLatencyBurnsFast, after one strip whose inspection was held."""
    server = start(strip_bundle.path, gated=True, slot_ms=600).started()
    server.until("armed")
    client, prometheus = connect(server.target), watch(server)
    assert list(ask(client).reply.inspection.causes) == [pb.CAUSE_LATE]
    prometheus.until_fires("StripsightLate")
    assert prometheus.until_fires("StripsightLatencyBurnsFast")["severity"] == "critical"


def test_a_record_that_was_changed_is_broken(
    start: Start, connect: Connect, ask: Ask, watch: Watch, strip_bundle: Bundle
) -> None:
    """StripsightRecordBroken, after a reject was turned into an accept on the disk."""
    server = start(strip_bundle.path, record_patrol_rows=10_000).started()
    prometheus = watch(server)
    ask(connect(server.target), seed=104, defective=True)
    with sqlite3.connect(server.record_dir / "records.db") as connection:
        connection.execute("UPDATE stripsight_record SET verdict = 'ACCEPT' WHERE kind = 'strip'")
    connection.close()
    assert prometheus.until_fires("StripsightRecordBroken")["severity"] == "critical"


def test_a_challenge_that_was_missed_is_told(
    start: Start, watch: Watch, strip_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """StripsightChallengeMissed, after the engine lost its sight in an open lot."""
    monkeypatch.setenv("DRIFT", str(tmp_path / "drift"))
    server = start(strip_bundle.path, command=DRIFTING).started()
    prometheus = watch(server)
    with LotClient(server.target) as lots:
        lots.open_lot("L-1", product=strip_bundle.recipe.product.name, who="Ada")
        (tmp_path / "drift").touch()
        assert lots.challenge().missed
    assert prometheus.until_fires("StripsightChallengeMissed")["severity"] == "critical"


def test_a_failure_that_nobody_expected_is_a_fault(
    start: Start, connect: Connect, ask: Ask, watch: Watch, strip_bundle: Bundle
) -> None:
    """StripsightFault, while it serves on."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    client, prometheus = connect(server.target), watch(server)
    server.say("crash")
    with pytest.raises(Exception, match="INTERNAL"):
        ask(client)
    assert prometheus.until_fires("StripsightFault")["reason"] == "INTERNAL"
