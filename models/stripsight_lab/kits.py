"""What a graph says about a kit: acquire each product, infer with the service's own engine, keep every score.

A kit is thousands of acquisitions, so what is done is saved now and then, and a run that was killed goes on from there.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from stripsight.engine import Engine
from stripsight.recipe import Recipe
from stripsight_lab.dataset.cut import Cut, cut
from stripsight_lab.dataset.digest import picture_digests
from stripsight_lab.source.unit import Unit

SAVE_EVERY = 100


@dataclass(frozen=True, eq=False)
class KitScores:
    """S acquisitions of a kit, runs of one unit next to each other, N patches each in frame, vial, region order."""

    unit_ids: list[str]
    kinds: list[str]
    """The defect's name, "" for a good unit."""
    severities: NDArray[np.float64]
    """[S], above 0 to 1; 0 for a good unit, NaN where nobody graded."""
    runs: NDArray[np.int64]
    """[S]"""
    scores: NDArray[np.float64]
    """[S, N]; higher is more anomalous."""
    truth: NDArray[np.bool_] | None = None
    """[S, N]: which patches show a defect; None where that is not known."""
    seconds: NDArray[np.float64] | None = None
    """[S]: how long the graph took."""
    digests: NDArray[np.uint8] | None = None
    """[S, N, 16]: what each patch shows, by `picture_digest`, to find a picture again in another kit."""

    @property
    def defective(self) -> NDArray[np.bool_]:
        """Which acquisitions show a defective unit, bool [S]."""
        return np.array([kind != "" for kind in self.kinds])

    def rows(self, which: NDArray[np.bool_]) -> "KitScores":
        """The acquisitions `which`, bool [S]."""
        chosen = np.flatnonzero(which)
        return KitScores(
            unit_ids=[self.unit_ids[i] for i in chosen],
            kinds=[self.kinds[i] for i in chosen],
            severities=self.severities[chosen],
            runs=self.runs[chosen],
            scores=self.scores[chosen],
            truth=None if self.truth is None else self.truth[chosen],
            seconds=None if self.seconds is None else self.seconds[chosen],
            digests=None if self.digests is None else self.digests[chosen],
        )

    def save(self, path: Path) -> None:
        """Keep in an .npz file, whole or not at all."""
        arrays = {name: np.asarray(value) for name, value in vars(self).items() if value is not None}
        part = path.with_name(f"{path.stem}.part.npz")
        np.savez(part, allow_pickle=False, **arrays)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> "KitScores":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            found = {field.name: arrays[field.name] for field in fields(cls) if field.name in arrays.files}
        return cls(**found | {"unit_ids": found["unit_ids"].tolist(), "kinds": found["kinds"].tolist()})


Task = tuple[Unit, int]


def acquired(tasks: Sequence[Task], recipe: Recipe) -> Iterator[Cut]:
    """Acquire and cut each unit in its run, in order; one worker for each core."""
    with multiprocessing.get_context("spawn").Pool() as pool:
        yield from pool.imap(partial(_job, recipe), tasks, chunksize=2)


def _job(recipe: Recipe, task: Task) -> Cut:
    cv2.setNumThreads(1)
    unit, run = task
    return cut(unit, run, recipe)


def score_kit(units: Sequence[Unit], runs: int, recipe: Recipe, engine: Engine, path: Path) -> KitScores:
    """Score every unit in `runs` runs and keep the result in the .npz file `path`.

    Goes on from the rows that are in the file. Whoever calls gives each graph and kit a file of its own.
    """
    tasks = [(unit, run) for unit in units for run in range(runs)]
    rows = _rows(KitScores.load(path)) if path.exists() else []
    if len(rows) == len(tasks):
        return _gathered(tasks, rows)
    coming = acquired(tasks[len(rows) :], recipe)
    for part in track(coming, f"score {path.stem}", total=len(tasks) - len(rows)):
        rows.append(_score(engine, part))
        if len(rows) % SAVE_EVERY == 0 or len(rows) == len(tasks):
            _gathered(tasks[: len(rows)], rows).save(path)
    return _gathered(tasks, rows)


@dataclass(frozen=True, eq=False)
class _Row:
    scores: NDArray[np.float64]
    truth: NDArray[np.bool_] | None
    seconds: float
    digests: NDArray[np.uint8]


def _score(engine: Engine, part: Cut) -> _Row:
    start = time.perf_counter()
    scores = engine.infer(part.patches).scores.astype(np.float64)
    seconds = time.perf_counter() - start
    digests = np.frombuffer(b"".join(picture_digests(part.patches)), np.uint8).reshape(len(scores), -1)
    return _Row(scores, None if part.masks is None else np.asarray(part.masks.any(axis=(1, 2))), seconds, digests)


def _rows(kept: KitScores) -> list[_Row]:
    count = len(kept.scores)
    truth: list[Any] = [None] * count if kept.truth is None else list(kept.truth)
    if kept.seconds is None or kept.digests is None:
        raise ValueError("scores of a kit: expected those that `score_kit` kept, found others")
    return [_Row(kept.scores[i], truth[i], float(kept.seconds[i]), kept.digests[i]) for i in range(count)]


def _gathered(tasks: Sequence[Task], rows: Sequence[_Row]) -> KitScores:
    truths = [row.truth for row in rows if row.truth is not None]
    return KitScores(
        unit_ids=[unit.unit_id for unit, _ in tasks],
        kinds=[unit.kind for unit, _ in tasks],
        severities=np.array([unit.severity for unit, _ in tasks], np.float64),
        runs=np.array([run for _, run in tasks]),
        scores=np.stack([row.scores for row in rows]),
        truth=np.stack(truths) if len(truths) == len(rows) else None,
        seconds=np.array([row.seconds for row in rows]),
        digests=np.stack([row.digests for row in rows]),
    )
