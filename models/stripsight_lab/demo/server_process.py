"""The real server as its own process: start, ready, stop."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STOP_S = 10.0
_LOOK_S = 0.05


KEYS = Path(__file__).parents[3] / "deploy" / "keys"
"""Of whoever releases the bundles of this repository."""


class ServerDied(Exception):
    """The server ended, or did not become ready."""


class ServerProcess:
    """`stripsight serve` on free ports of this machine, its log in a file. Use it in a `with`."""

    def __init__(self, bundle: Path, log: Path, *options: str) -> None:
        """Start it with further `options`. `ended` is set as soon as it ends, for whatever reason."""
        self.log = log
        command = [
            sys.executable,
            "-m",
            "stripsight",
            "serve",
            "--bundle",
            str(bundle),
            "--log-format",
            "json",
        ]
        command += ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", *options]
        with log.open("wb") as out:
            # In a session of its own: Ctrl-C reaches the demo alone, which then stops the server in order.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, env=_environment()
            )
        self.ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave no server behind."""
        self.stop()

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def ready(self, timeout_s: float) -> str:
        """Wait until it inspects; its address, host:port. Raises ServerDied if it ends or takes too long."""
        end = time.monotonic() + timeout_s
        while not self.ended.wait(_LOOK_S):
            for line in self._events():
                if line.get("event") == "ready":
                    return str(line["listen"])
            if time.monotonic() > end:
                raise ServerDied(f"the server was not ready within {timeout_s:.0f} s; {self.last_words()}")
        raise ServerDied(f"the server ended before it was ready, {self.how_it_ended()}; {self.last_words()}")

    def stop(self) -> int:
        """Ask it to stop as a supervisor does (SIGTERM), kill it if it does not; its exit status."""
        self._process.terminate()
        if not self.ended.wait(STOP_S):
            self._process.kill()
            self.ended.wait()
        return int(self._process.returncode)

    def how_it_ended(self) -> str:
        """In words, once it has ended."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code < 0 else f"with exit status {code}"

    def last_words(self, count: int = 3) -> str:
        """The end of its log, for people."""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n  ".join([f"the end of {self.log}:", *(lines or ["(empty)"])])

    def _events(self) -> list[dict[str, Any]]:
        # A line is whole only once its newline is there.
        whole = self.log.read_text(errors="replace").rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in whole if line.startswith("{")]

    def _watch(self) -> None:
        self._process.wait()
        self.ended.set()


def _environment() -> dict[str, str]:
    """Let bundles be those of this repository, unless the environment says whose."""
    return {"STRIPSIGHT_BUNDLE_KEYS": str(KEYS)} | os.environ
