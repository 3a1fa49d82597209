"""The scores that were tried, by hand."""

import numpy as np
import pytest

from stripsight.heatmap import anomaly_map
from stripsight_lab.ablation import (
    Redrawn,
    fused_map,
    largest_of_map,
    local_difference,
    mean_ssim,
    median_of_map,
    median_over_frames,
    row,
)

SIZE = 32


def seen(*dark: tuple[int, int], maps: np.ndarray | None = None) -> Redrawn:
    """Two patches in each of three frames, redrawn in grey; `dark` (frame, patch) hold a 9 px spot of 50 levels."""
    patches = np.full((6, SIZE, SIZE), 120, np.uint8)
    for frame, patch in dark:
        patches[2 * frame + patch, 10:19, 10:19] -= 50
    return Redrawn(patches, np.full_like(patches, 120), maps, 3)


def test_a_spot_of_the_windows_size_counts_whole() -> None:
    """The local difference is its depth, 50 levels; the mean of 1 - SSIM is that of the service's own map."""
    found = seen((1, 0))
    assert local_difference(found) == pytest.approx([0, 0, 50, 0, 0, 0])
    assert mean_ssim(found)[2] == pytest.approx(anomaly_map(found.patches[2], found.reconstructions[2]).mean())


def test_a_median_over_frames_loses_what_is_in_one() -> None:
    """In one frame of three it is gone, in two it stays, in all three frames' scores."""
    median = median_over_frames(local_difference)
    assert median(seen((1, 0))) == pytest.approx([0] * 6)
    assert median(seen((1, 0), (2, 0))) == pytest.approx([50, 0, 50, 0, 50, 0])


def test_scores_of_a_map() -> None:
    """Patch 0 has 4 at one place in each frame, patch 1 has 9 in the first frame only."""
    maps = np.zeros((6, 2, 2), np.float32)
    maps[[0, 2, 4], 0, 1] = 4
    maps[1, 1, 1] = 9
    found = seen(maps=maps)
    assert largest_of_map(found) == pytest.approx([4, 9, 4, 0, 4, 0])
    assert fused_map(2.0)(found) == pytest.approx([8, 9, 8, 6, 8, 6])
    assert median_of_map(found) == pytest.approx([4, 0, 4, 0, 4, 0])
    with pytest.raises(ValueError, match="anomaly maps"):
        largest_of_map(seen())


def test_a_row_counts_what_is_found() -> None:
    """Two of four defective strips lie above all 30 good ones: found at 1 and at 3 %, one kind wholly."""
    scores = np.r_[np.linspace(1, 2, 30), 5, 6, 1.5, 0.5].repeat(2).reshape(34, 2)
    kinds = [""] * 30 + ["spot", "spot", "cut", "cut"]
    found = row("a score", scores, kinds, 1)
    assert (found.at_1, found.at_3) == (0.5, 0.5)
    assert found.by_kind == {"cut": 0.0, "spot": 1.0}
    assert found.auroc == pytest.approx((30 + 30 + 15 + 0) / 120)
