"""The operator page beside the demo, as a process of its own."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_READY_S = 30.0
_LOOK_S = 0.1


@contextmanager
def page_open(listen: str, target: str, log: Path, say: Callable[[str], object]) -> Iterator[None]:
    """Serve the page of the service at `target` on `listen`, host:port, and tell its address; empty for no page.

    It is there, or given up with a reason, before this goes on, so that its start does not compete with strips.
    """
    if not listen:
        yield
        return
    command = [sys.executable, "-m", "stripsight", "hmi", "--target", target, "--listen", listen]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        there = _answers(f"http://{listen}/static/icon.svg", process)
        say(f"operator page: http://{listen}/" if there else f"no operator page, see {log}")
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(url: str, process: "subprocess.Popen[bytes]") -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1.0):
                # Another program on this port answers too; ours would have ended by then.
                return process.poll() is None
        except OSError:
            time.sleep(_LOOK_S)
    return False
