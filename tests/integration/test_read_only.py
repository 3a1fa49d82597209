"""Row 25: a read-only file system but for the data directory, no HOME, the C locale, an odd current folder."""

import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb

READ_ONLY = Path(__file__).with_name("read_only.py")
STRIPSIGHT = str(Path(sys.executable).with_name("stripsight"))


@pytest.mark.parametrize("folder", ["/", "gone"])
def test_it_inspects_and_writes_only_its_data(
    *,
    folder: str,
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
    tmp_path: Path,
) -> None:
    """An accept and a reject are judged and on record, from / and from a folder that was removed."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["unshare", "--mount", sys.executable, str(READ_ONLY), str(data), folder, STRIPSIGHT, "serve"]
    server = start(strip_bundle.path, command=command, record_dir=data / "records").started()
    client = connect(server.target)
    accepted, rejected = ask(client, seed=101), ask(client, seed=104, defective=True)
    assert accepted.reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert list(rejected.reply.inspection.causes) == [pb.CAUSE_ANOMALY]
    assert accepted.reply.inspection.record_seq and rejected.reply.inspection.record_seq
    server.process.send_signal(signal.SIGTERM)
    assert (server.ended(), server.stderr) == (0, "")
    assert [path.name for path in data.iterdir()] == ["records"]


def test_without_its_data_directory_it_says_so(start: Callable[..., Any], strip_bundle: Bundle, tmp_path: Path) -> None:
    """A record directory that cannot be written ends it with its own status and a sentence that names it."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["unshare", "--mount", sys.executable, str(READ_ONLY), str(data), "/", STRIPSIGHT, "serve"]
    server = start(strip_bundle.path, command=command, record_dir=tmp_path / "elsewhere")
    assert server.ended() == 8
    assert str(tmp_path / "elsewhere") in server.stderr


def test_the_page_needs_to_write_nothing_but_shared_memory(tmp_path: Path) -> None:
    """The operator page answers where its user may write nothing; containers and systemd give a /dev/shm to all."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    page = f"mount -t tmpfs shm /dev/shm && exec {STRIPSIGHT} hmi --listen {address}"
    command = ["unshare", "--mount", sys.executable, str(READ_ONLY), str(tmp_path), "/", "sh", "-c", page]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert "Stripsight" in answer(f"http://{address}/", process)
        finally:
            process.terminate()
            process.communicate()
    assert list(tmp_path.iterdir()) == []


def answer(url: str, process: "subprocess.Popen[str]") -> str:
    """Return what the page says once it does."""
    while True:
        assert process.poll() is None, "the page ended before it answered"
        with suppress(OSError), urllib.request.urlopen(url, timeout=60) as reply:
            return str(reply.read().decode())
        threading.Event().wait(0.1)
