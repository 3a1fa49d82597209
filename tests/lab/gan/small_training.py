"""Trains in a process of its own: `small_training.py PATCHES.npy SETTINGS.json OUT KILLED_AT`.

Kills itself as `kill -9` does when it has made step KILLED_AT, from 1; 0 is never.
"""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.train import train
from stripsight_lab.patches import ArrayPatches


def main() -> None:
    """Train, with a checkpoint every other step."""
    patches, settings, out = (Path(argument) for argument in sys.argv[1:4])
    killed_at = int(sys.argv[4])

    def after_step(made: int) -> None:
        if made == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint = train(
        ArrayPatches(np.load(patches)),
        None,
        out,
        TypeAdapter(GanSettings).validate_json(settings.read_bytes()),
        device="cpu",
        save_every=2,
        after_step=after_step,
    )
    print(f"checkpoint of step {torch.load(checkpoint, weights_only=True)['step']}", flush=True)


if __name__ == "__main__":
    main()
