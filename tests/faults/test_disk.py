"""Disks that fail or fill up under a real server, directories that cannot be written, and clocks of other places."""

import errno
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2
from stripfaults import shim
from stripfaults.shim import Call

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Outcome, StripRecord

FAR_S = 60.0
RECORD = 8
ON_A_SMALL_DISK = f"""
mount -t tmpfs -o size=500k none "$STRIPSIGHT_RECORD_DIR" || exit 99
{sys.executable} -m stripsight serve
status=$?
cp "$STRIPSIGHT_RECORD_DIR"/* "$KEPT"
exit $status
"""

Ask = Callable[..., Answer]
Recorded = Callable[[Path], dict[int, StripRecord]]


@pytest.mark.parametrize(
    ("call", "nth", "what"),
    [(Call.SYNC, 24, errno.EIO), (Call.WRITE, 150, errno.ENOSPC), (Call.WRITE, 151, errno.EROFS)],
)
def test_a_disk_that_fails_ends_the_service_and_lets_no_accept_out(
    *,
    call: Call,
    nth: int,
    what: int,
    start: Any,
    ask: Ask,
    recorded: Recorded,
    strip_bundle: Bundle,
    shim_library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Row 15: the sync fails, the disk is full or read-only from some strip on: RECORD_FAILED, NOT_SERVING, exit 8.

    Every accept that left is on record, and the record is good.
    """
    for name, value in shim.environment(shim_library, tmp_path, (call, nth, what)).items():
        monkeypatch.setenv(name, value)
    server, accepts = start(strip_bundle.path, record_dir=tmp_path).started(), []
    with Client(server.target) as client:
        health = client.watch(timeout_s=FAR_S)
        assert next(health) == health_pb2.HealthCheckResponse.SERVING
        while (reply := ask(client).reply.inspection).verdict == pb.VERDICT_ACCEPT:
            accepts.append(reply.strip_seq)
        assert list(reply.causes) == [pb.CAUSE_RECORD_FAILED]
        assert next(health) == health_pb2.HealthCheckResponse.NOT_SERVING
    assert server.ended() == RECORD
    strips = recorded(tmp_path)
    assert accepts
    assert all(strips[number].verdict is Outcome.ACCEPT for number in accepts)


def test_a_disk_that_is_full_ends_the_service_and_lets_no_accept_out(
    *, start: Any, ask: Ask, recorded: Recorded, strip_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 15: a file system of 500 kB with nothing kept free: RECORD_FAILED when it is full, exit 8, a good record."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    monkeypatch.setenv("KEPT", str(kept))
    command = ["unshare", "--mount", "sh", "-c", ON_A_SMALL_DISK]
    server, accepts = start(strip_bundle.path, command=command, record_dir=disk, disk_floor_bytes=0).started(), []
    with Client(server.target) as client:
        while (reply := ask(client).reply.inspection).verdict == pb.VERDICT_ACCEPT:
            accepts.append(reply.strip_seq)
    assert list(reply.causes) == [pb.CAUSE_RECORD_FAILED]
    assert server.ended() == RECORD
    strips = recorded(kept)
    assert accepts
    assert all(strips[number].verdict is Outcome.ACCEPT for number in accepts)


@pytest.mark.parametrize("folder", ["/proc/records", "/dev/null"])
def test_a_directory_that_cannot_be_written_is_named_at_the_start(
    folder: str, start: Any, strip_bundle: Bundle
) -> None:
    """Row 15: a plain message and exit 8, and nothing is served."""
    server = start(strip_bundle.path, record_dir=folder)
    assert server.ended() == RECORD
    assert server.stderr.startswith(f"stripsight: RECORD_FAILED: {folder}: expected a directory to keep the record in")
    assert "ready" not in [line["event"] for line in server.lines]


def test_times_on_record_are_utc_wherever_the_service_runs(
    start: Any, ask: Ask, strip_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 21: in Kathmandu, 5:45 h ahead, a strip is on record with the time that it is everywhere."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    server, before = start(strip_bundle.path, record_dir=tmp_path).started(), time.time()
    with Client(server.target) as client:
        ask(client)
    reader = Reader(tmp_path)
    (kept,) = reader.find(Wanted(kinds=("strip",)))
    reader.close()
    assert before <= kept.entry.utc_us / 1e6 <= time.time()
