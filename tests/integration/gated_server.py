"""The real server, whose engine infers only when it is told to: for tests that need the lane taken.

A program of its own, set up by STRIPSIGHT_* variables. Once serving it writes {"event": "armed"}, at each
inference {"event": "infer"}, and then reads one word: "go" infers, "fail" is a failure of the engine, "crash"
a fault that nobody expected.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight import logs
from stripsight.bundle import Bundle
from stripsight.cli import leave
from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError
from stripsight.exits import Exit
from stripsight.rpc.server import Server
from stripsight.settings import Settings


class GatedEngine(Engine):
    """An engine that waits at a gate once it is armed."""

    armed = False

    def infer(self, patches: NDArray[np.uint8]) -> Inference:
        """Wait for the word, then do as it says."""
        if self.armed:
            say("infer")
            word = sys.stdin.readline().strip()
            if word == "fail":
                raise EngineError("told to fail")
            if word != "go":
                raise RuntimeError("told to crash")
        return super().infer(patches)


class GatedServer(Server):
    """A server that closes the gate when it begins to wait."""

    def wait(self) -> Exit:
        """Arm the engine first."""
        GatedEngine.armed = True
        say("armed")
        return super().wait()


def start_engine(bundle: Bundle, settings: Settings) -> GatedEngine:
    """Start the engine as the server does."""
    size = bundle.recipe.patch.size_px
    return GatedEngine(bundle.graph, provider=settings.provider, threads=settings.threads, patch_size=size)


def say(event: str) -> None:
    """Write one line."""
    sys.stdout.write(f'{{"event": "{event}"}}\n')
    sys.stdout.flush()


if __name__ == "__main__":
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    leave(GatedServer(settings, start_engine).run())
