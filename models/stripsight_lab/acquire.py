"""Acquisition of training patches: good strips of the simulated line, cut by the service's own crop.

Written as one array that is read by memory map, `patches.npy` uint8 [R, M, P, P], and `acquisition.json` that says how.
"""

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from rich.progress import track

from stripsight.frame import Frame
from stripsight.patches import crop
from stripsight.recipe import Recipe
from stripsight_lab.line import Strip
from stripsight_lab.line.seeds import derive


@dataclass(frozen=True)
class AcquireSettings:
    """How many good strips, how often each is acquired, and from which seed."""

    seed: int = 1
    strips: int = 400
    runs: int = 2


def strip_patches(strip: Strip, run: int, recipe: Recipe) -> NDArray[np.uint8]:
    """Acquire one strip and cut it: uint8 [N, P, P] in frame, vial, region order."""
    acquisition = strip.acquire(run, recipe.frame.indices)
    pairs = zip(recipe.frame.indices, acquisition.frames, strict=True)
    return crop([Frame(index=index, pixels=pixels, digest="") for index, pixels in pairs], recipe)


def _job(task: tuple[int, int, Recipe]) -> NDArray[np.uint8]:
    cv2.setNumThreads(1)
    seed, run, recipe = task
    return strip_patches(Strip.good(seed), run, recipe)


def _jobs(settings: AcquireSettings, recipe: Recipe) -> Iterator[tuple[int, int, Recipe]]:
    for strip in range(settings.strips):
        for run in range(settings.runs):
            yield derive("training", settings.seed, strip), run, recipe


def acquire(recipe: Recipe, out: Path, settings: AcquireSettings) -> None:
    """Render, cut and store the training patches of `settings` under `out`; one worker for each core."""
    out.mkdir(parents=True, exist_ok=True)
    regions, size = len(recipe.regions), recipe.patch.size_px
    each = recipe.patch_count // regions  # patches of one region in one acquisition
    acquisitions = settings.strips * settings.runs
    part = out / "patches.part.npy"
    patches = open_memmap(part, "w+", np.uint8, (regions, acquisitions * each, size, size))
    with multiprocessing.get_context("spawn").Pool() as pool:
        results = pool.imap(_job, _jobs(settings, recipe), chunksize=2)
        for i, cut in enumerate(track(results, "acquire", total=acquisitions)):
            patches[:, i * each : (i + 1) * each] = cut.reshape(each, regions, size, size).transpose(1, 0, 2, 3)
    patches.flush()
    part.replace(out / "patches.npy")
    (out / "acquisition.json").write_text(json.dumps(asdict(settings), indent=2) + "\n")
