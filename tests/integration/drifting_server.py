"""The real server, whose engine loses its sight while the file named by DRIFT is there: every score falls to a tenth.

A program of its own, set up by STRIPSIGHT_* variables: for tests of what notices an inspection that no longer sees.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight import logs, start
from stripsight.bundle import Bundle
from stripsight.cli.ending import leave
from stripsight.engine import Engine, Inference
from stripsight.errors import ChallengeError
from stripsight.exits import Exit
from stripsight.rpc.server import Server
from stripsight.settings import Settings

DRIFT = Path(os.environ["DRIFT"])


class DriftingEngine(Engine):
    """A real engine, some of the time."""

    def infer_frame(self, patches: NDArray[np.uint8]) -> Inference:
        """Infer, and say less of it once the file is there."""
        found = super().infer_frame(patches)
        return replace(found, scores=found.scores * np.float32(0.1)) if DRIFT.exists() else found


def start_engine(bundle: Bundle, settings: Settings) -> Engine:
    """Start the engine as the server does."""
    return start.start_engine(bundle, provider=settings.provider, threads=settings.threads, kind=DriftingEngine)


if __name__ == "__main__":
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    try:
        ended = Server(settings, start_engine).run()
    except ChallengeError as error:
        sys.exit(Exit.BUNDLE if DRIFT.exists() else str(error))
    leave(ended)
