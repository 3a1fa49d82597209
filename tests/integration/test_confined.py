"""The real server and page under the restrictions of their systemd units, as far as the kernel enforces them."""

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
CONFINED = [sys.executable, str(Path(__file__).with_name("confined.py"))]
SERVICE, PAGE = (str(SYSTEMD / name) for name in ("stripsight.service", "stripsight-hmi.service"))
STRIPSIGHT = str(Path(sys.executable).with_name("stripsight"))

# What each restriction must refuse to root.
REFUSED = {
    "chown": "import os; os.chown('/dev/null', 0, 0)",
    "netlink socket": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "code in memory": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
}


@pytest.mark.parametrize("unit", [SERVICE, PAGE], ids=["service", "page"])
@pytest.mark.parametrize("what", REFUSED)
def test_the_restrictions_hold(unit: str, what: str) -> None:
    """Each is allowed to root by itself, and refused under the unit."""
    command = [sys.executable, "-c", REFUSED[what]]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    refused = subprocess.run([*CONFINED, unit, *command], capture_output=True, text=True, check=False)
    assert "PermissionError" in refused.stderr


def test_it_inspects_under_them(
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
) -> None:
    """Nothing that the unit takes away is needed: accept, reject, record, a stop in order."""
    server = start(strip_bundle.path, command=[*CONFINED, SERVICE, STRIPSIGHT, "serve"], threads=0).started()
    client = connect(server.target)
    assert ask(client, seed=101).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert list(ask(client, seed=104, defective=True).reply.inspection.causes) == [pb.CAUSE_ANOMALY]
    server.process.send_signal(signal.SIGTERM)
    assert (server.ended(), server.stderr) == (os.EX_OK, "")


def test_the_page_answers_under_them() -> None:
    """The operator page needs nothing of it either."""
    with create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [*CONFINED, PAGE, STRIPSIGHT, "hmi", "--listen", address]
    # NiceGUI starts a test screen of its own where it finds pytest's variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as page:
        try:
            assert "Stripsight" in answer(f"http://{address}/", page)
        finally:
            page.terminate()


def answer(url: str, process: "subprocess.Popen[bytes]") -> str:
    """Return what the page says once it does."""
    while True:
        assert process.poll() is None, "the page ended before it answered"
        with suppress(OSError), urllib.request.urlopen(url, timeout=60) as reply:
            return str(reply.read().decode())
        threading.Event().wait(0.1)
