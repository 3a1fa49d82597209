"""`killed_acquisition.py PICTURES RECIPE OUT` acquires pictures and kills itself without a word after the first."""

import os
import signal
import sys
from pathlib import Path

from stripsight.recipe import load_recipe
from stripsight_lab.dataset.acquire import acquire
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.source import FolderSource

if __name__ == "__main__":  # workers import this file too
    pictures, recipe, out = (Path(argument) for argument in sys.argv[1:])
    acquire(
        FolderSource(kind="folder", path=pictures).training(),
        load_recipe(recipe.read_bytes()),
        out,
        AcquireSettings(runs=1, frames="inspected", rank_images=False),
        workers=1,
        after_product=lambda made: os.kill(os.getpid(), signal.SIGKILL),
    )
