"""The real server, whose engine infers only when it is told to: for tests that need the lane taken.

A program of its own, set up by STRIPSIGHT_* variables. Once serving it writes {"event": "armed"}, before a frame is
inferred {"event": "infer"}, and then reads one word: "frame" infers this frame, "go" this and the next two, which are
a strip, "fail" is a failure of the engine, "crash" a fault that nobody expected.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight import logs, start
from stripsight.bundle import Bundle
from stripsight.cli.ending import leave
from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError
from stripsight.exits import Exit
from stripsight.rpc.server import Server
from stripsight.settings import Settings


class GatedEngine(Engine):
    """An engine that waits at a gate once it is armed."""

    armed = False
    free = 0

    def infer_frame(self, patches: NDArray[np.uint8]) -> Inference:
        """Wait for the word, then do as it says."""
        if self.armed and not self.free:
            say("infer")
            word = sys.stdin.readline().strip()
            if word == "fail":
                raise EngineError("told to fail")
            if word not in ("go", "frame"):
                raise RuntimeError("told to crash")
            self.free = 3 if word == "go" else 1
        self.free -= self.armed
        return super().infer_frame(patches)


class GatedServer(Server):
    """A server that closes the gate when it begins to wait."""

    def wait(self) -> Exit:
        """Arm the engine first."""
        GatedEngine.armed = True
        say("armed")
        return super().wait()


def start_engine(bundle: Bundle, settings: Settings) -> Engine:
    """Start the engine as the server does."""
    return start.start_engine(bundle, provider=settings.provider, threads=settings.threads, kind=GatedEngine)


def say(event: str) -> None:
    """Write one line."""
    sys.stdout.write(f'{{"event": "{event}"}}\n')
    sys.stdout.flush()


if __name__ == "__main__":
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    leave(GatedServer(settings, start_engine).run())
