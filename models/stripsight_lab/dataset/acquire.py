"""Acquisition: render or read good products, cut them, store them. Each product that is done stays done."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.progress import track

from stripsight.recipe import Recipe
from stripsight_lab.dataset.images import image_patches, images_recipe
from stripsight_lab.dataset.plan import Plan, product_path
from stripsight_lab.dataset.product import is_whole, write_product
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.source.unit import Unit


@dataclass(frozen=True)
class _Job:
    """One product; `images` is the recipe that cuts its images."""

    unit: Unit
    path: Path
    shape: tuple[int, int, int, int]
    images: Recipe
    settings: AcquireSettings


def acquire(
    units: Sequence[Unit],
    recipe: Recipe,
    folder: Path,
    settings: AcquireSettings,
    *,
    workers: int | None = None,
    after_product: Callable[[int], None] | None = None,
) -> None:
    """Store the patches of `units`, which are good, under `folder`; go on where it was stopped.

    `workers` is the number of processes, one for each core by default, 0 for none but this one. `after_product` is
    called with the number of products that are there. Raises ValueError where the folder holds patches of other
    units, settings or recipe, and what a unit raises; whatever has been done stays.
    """
    plan, images = Plan.of(units, recipe, settings), images_recipe(recipe, settings)
    plan.claim(folder)
    jobs = [_Job(unit, product_path(folder, p), plan.shape, images, settings) for p, unit in enumerate(units)]
    missing = [job for job in jobs if not is_whole(job.path, job.unit.unit_id, job.shape)]
    if not missing:
        return
    made = len(jobs) - len(missing)
    count = min(len(missing), len(os.sched_getaffinity(0)) if workers is None else workers)
    with closing(_in_workers(missing, count) if count else _here(missing)) as results:
        for _ in track(results, "acquire", total=len(jobs), completed=made):
            made += 1
            if after_product:
                after_product(made)


def _here(jobs: Sequence[_Job]) -> Generator[None, None, None]:
    for job in jobs:
        _acquire_one(job)
        yield


def _in_workers(jobs: Sequence[_Job], workers: int) -> Generator[None, None, None]:
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare)
    try:
        for future in as_completed([pool.submit(_acquire_one, job) for job in jobs]):
            future.result()
            yield
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a word
    # Where the parent is killed nobody tells its workers, which would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _acquire_one(job: _Job) -> None:
    runs = range(job.settings.runs)
    acquisitions = (image_patches(job.unit, run, job.images, job.settings) for run in runs)
    write_product(job.path, job.unit.unit_id, job.shape, acquisitions)
