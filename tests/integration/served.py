"""The server as a process of its own, for any folder of tests. Each wait has a condition; none sleeps."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FAR_S = 60.0
GATED = [sys.executable, str(Path(__file__).with_name("gated_server.py"))]
REAL = [sys.executable, "-m", "stripsight", "serve"]


class Served:
    """A server's process: its log lines, its word at the gate, its end."""

    record_dir: Path

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        """Start it; its addresses are known once it says so."""
        self.process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []
        self._unread: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.stderr = ""
        self._readers = [threading.Thread(target=read) for read in (self._read_stdout, self._read_stderr)]
        for reader in self._readers:
            reader.start()

    def until(self, event: str) -> dict[str, Any]:
        """Return the next log line with this event; the lines before it are read over."""
        while (line := self._unread.get(timeout=FAR_S)) is not None:
            if line["event"] == event:
                return line
        raise AssertionError(f"the server ended before {event!r}: {self.stderr}")

    def started(self) -> "Served":
        """Return once strips are inspected."""
        self.where = self.until("ready")
        return self

    @property
    def target(self) -> str:
        """The address of the API."""
        return str(self.where["listen"])

    @property
    def metrics(self) -> str:
        """The address of the metrics."""
        return str(self.where["metrics"])

    def say(self, word: str) -> None:
        """Tell the gate of a gated server what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Wait for its end and return the exit status."""
        status = self.process.wait(FAR_S)
        for reader in self._readers:
            reader.join()
        return status

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
        self.ended()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line = json.loads(text)
            self.lines.append(line)
            self._unread.put(line)
        self._unread.put(None)

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        self.stderr = self.process.stderr.read()


Start = Callable[..., Served]


def starter(stack: ExitStack) -> Start:
    """Return what starts a server on free ports, with a record of its own, and leaves its end to `stack`."""

    def start(
        bundle: Path, *, gated: bool = False, command: Sequence[str] = (), hide_gpus: bool = False, **settings: object
    ) -> Served:
        chosen = {
            "bundle": bundle,
            "listen": "127.0.0.1:0",
            "metrics_listen": "127.0.0.1:0",
            "provider": "cpu",
            "threads": 1,
            "slot_ms": 60_000,
        } | settings
        if "record_dir" not in chosen:
            chosen["record_dir"] = stack.enter_context(TemporaryDirectory())
        environment = {f"STRIPSIGHT_{name.upper()}": str(value) for name, value in chosen.items()}
        if hide_gpus:
            environment["CUDA_VISIBLE_DEVICES"] = "-1"
        served = Served(list(command) or (GATED if gated else REAL), environment)
        served.record_dir = Path(str(chosen["record_dir"]))
        stack.callback(served.close)
        return served

    return start
