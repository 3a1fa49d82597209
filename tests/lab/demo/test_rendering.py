"""Frames before the clock starts."""

from pathlib import Path

import numpy as np
import pytest

from stripsight_lab.demo.mix import mix
from stripsight_lab.demo.rendering import NoRoom, make_room, render, rendered


def test_every_strip_lies_in_its_row(tmp_path: Path) -> None:
    """Worker processes write what the strip itself gives, each into its own row; each one done is told."""
    kit, file = mix(2, 9), tmp_path / "frames.npy"
    make_room(file, (2, 1, 1080, 1920))
    assert list(render(kit, (7,), file)) == [1, 2]
    for item, row in zip(kit, rendered(file), strict=True):
        np.testing.assert_array_equal(row, item.strip.acquire(0, (7,)).frames)


def test_a_run_that_cannot_fit_is_refused(tmp_path: Path) -> None:
    """A run whose frames exceed the disk is refused by arithmetic, before anything is written."""
    file = tmp_path / "frames.npy"
    with pytest.raises(NoRoom, match="the frames of 1000000000 strips take"):
        make_room(file, (10**9, 3, 1080, 1920))
    assert not file.exists()
