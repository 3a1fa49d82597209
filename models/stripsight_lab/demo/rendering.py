"""Frames of every strip, made before the clock starts, so that rendering does not compete with the server."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from stripsight_lab.line import KitItem, Strip

Frames = NDArray[np.uint8]
RUN = 0


class NoRoom(Exception):
    """The frames do not fit on the disk."""


@dataclass(frozen=True)
class _Job:
    file: Path
    row: int
    strip: Strip
    indices: tuple[int, ...]


def make_room(file: Path, shape: tuple[int, int, int, int]) -> None:
    """Create `file` for frames, uint8 [S, F, H, W], as an array that is read by memory map.

    Frames lie in a file rather than in memory so that a long run needs no more memory than a short one: the
    system keeps them in memory as long as there is some to spare. Raises NoRoom.
    """
    needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(file.parent).free
    if needed > free:
        raise NoRoom(f"the frames of {shape[0]} strips take {needed / 1e9:.1f} GB, {file.parent} has {free / 1e9:.1f}")
    open_memmap(file, "w+", np.uint8, shape).flush()


def render(kit: Sequence[KitItem], indices: tuple[int, ...], file: Path) -> Iterator[int]:
    """Acquire every strip once, into its row of `file`; yield how many are done. One worker for each core."""
    jobs = [_Job(file, row, item.strip, indices) for row, item in enumerate(kit)]
    workers = min(len(jobs), os.cpu_count() or 1)
    with multiprocessing.get_context("spawn").Pool(workers, _prepare) as pool:
        for done, _ in enumerate(pool.imap_unordered(_render_one, jobs), start=1):
            yield done


def rendered(file: Path) -> Frames:
    """The frames of a rendered file, uint8 [S, F, H, W], read as they are needed."""
    return np.asanyarray(np.load(file, mmap_mode="r"), np.uint8)


def _prepare() -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the demo, which ends its workers


def _render_one(job: _Job) -> None:
    taken = job.strip.acquire(RUN, job.indices).frames
    room = open_memmap(job.file, "r+")
    room[job.row] = taken
    room.flush()
