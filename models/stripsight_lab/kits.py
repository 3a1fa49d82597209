"""Scores of a kit: render its strips, run the graph through the service's own engine, keep every patch score."""

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from stripsight.engine import Engine
from stripsight.recipe import Recipe
from stripsight_lab.acquire import strip_patches
from stripsight_lab.line.kit import KitItem
from stripsight_lab.tune import Floats


@dataclass(frozen=True)
class KitScores:
    """Scores [S, N] of S acquisitions, with the truth of each: "" is a good strip."""

    strip_ids: list[str]
    kinds: list[str]
    severities: Floats
    runs: NDArray[np.int64]
    scores: Floats

    @property
    def defective(self) -> NDArray[np.bool_]:
        """Which acquisitions show a defective strip, bool [S]."""
        return np.array([kind != "" for kind in self.kinds])


def save_scores(path: Path, scores: Sequence[KitScores]) -> None:
    """Keep scores in an .npz file, so that tuning again needs no acquisition."""
    arrays = {f"{i}-{name}": np.asarray(value) for i, one in enumerate(scores) for name, value in vars(one).items()}
    np.savez(path, allow_pickle=False, **arrays)


def load_scores(path: Path) -> list[KitScores]:
    """Read what `save_scores` wrote."""
    with np.load(path) as arrays:
        count = len(arrays.files) // len(fields(KitScores))
        return [
            KitScores(
                strip_ids=arrays[f"{i}-strip_ids"].tolist(),
                kinds=arrays[f"{i}-kinds"].tolist(),
                severities=arrays[f"{i}-severities"],
                runs=arrays[f"{i}-runs"],
                scores=arrays[f"{i}-scores"],
            )
            for i in range(count)
        ]


def _job(recipe: Recipe, task: tuple[KitItem, int]) -> NDArray[np.uint8]:
    cv2.setNumThreads(1)
    item, run = task
    return strip_patches(item.strip, run, recipe)


def _patches(tasks: Sequence[tuple[KitItem, int]], recipe: Recipe) -> Iterator[NDArray[np.uint8]]:
    with multiprocessing.get_context("spawn").Pool() as pool:
        yield from pool.imap(partial(_job, recipe), tasks, chunksize=2)


def score_kit(kit: Sequence[KitItem], runs: int, recipe: Recipe, engines: Sequence[Engine]) -> list[KitScores]:
    """Acquire every strip of `kit` in `runs` runs and score it with each engine: one KitScores an engine."""
    tasks = [(item, run) for item in kit for run in range(runs)]
    rows = [
        [engine.infer(patches).scores.astype(np.float64) for engine in engines]
        for patches in track(_patches(tasks, recipe), "score kit", total=len(tasks))
    ]
    defects = [item.defect for item, _ in tasks]
    return [
        KitScores(
            strip_ids=[item.strip_id for item, _ in tasks],
            kinds=["" if defect is None else str(defect.kind) for defect in defects],
            severities=np.array([0.0 if defect is None else defect.severity for defect in defects]),
            runs=np.array([run for _, run in tasks]),
            scores=np.stack(scores),
        )
        for scores in zip(*rows, strict=True)
    ]
