"""Patches of several regions as one set."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight_lab.patches import ArrayPatches, fingerprint, read_union

Noise = Callable[..., NDArray[np.uint8]]


class Recorder(ArrayPatches):
    """Array patches that are as strict as a file."""

    def read(self, region: int, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        assert (np.diff(indices) > 0).all()
        return super().read(region, indices)


def test_the_union_counts_through_the_regions() -> None:
    """Patch i of two regions of 100 is patch i % 100 of region i // 100; any order can be asked for."""
    numbered = np.broadcast_to(np.arange(200, dtype=np.uint8).reshape(2, 100, 1, 1), (2, 100, 4, 4))
    chosen = np.array([150, 3, 99, 100, 0, 199])
    assert read_union(Recorder(numbered), chosen)[:, 0, 0].tolist() == chosen.tolist()


def test_the_fingerprint_tells_sets_apart(noise: Noise) -> None:
    """Equal sets alike; other patches, another count, or the same patches in other regions not."""
    first = noise(1, count=6)
    same, other, fewer = first.copy(), noise(2, count=6), first[:, :5]
    regrouped = first.reshape(3, 4, 16, 16)
    prints = [fingerprint(ArrayPatches(array)) for array in (first, same, other, fewer, regrouped)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4


@pytest.mark.parametrize(
    "array",
    [np.zeros((1, 2, 8, 8), np.float32), np.zeros((2, 8, 8), np.uint8), np.zeros((1, 2, 8, 4), np.uint8)],
    ids=["type", "rank", "square"],
)
def test_arrays_that_are_no_patches_are_refused(array: NDArray[np.uint8]) -> None:
    """Only uint8 [R, M, P, P]."""
    with pytest.raises(ValueError, match=r"patches must be uint8 \[R, M, P, P\]"):
        ArrayPatches(array)
