"""Structured corruption of training patches."""

from collections.abc import Callable

import numpy as np
import pytest

from stripsight_lab.training.corrupt import CORRUPTIONS, corrupt


@pytest.fixture
def patch() -> np.ndarray:
    """A grey ramp with a dark band, so that every corruption has something to change."""
    ramp = np.tile(np.linspace(60, 230, 128), (128, 1))
    ramp[40:60] -= 50
    return ramp.astype(np.uint8)


@pytest.mark.parametrize("corruption", set(CORRUPTIONS), ids=lambda c: c.__name__)
def test_each_changes_a_part_of_the_patch(corruption: Callable[..., np.ndarray], patch: np.ndarray) -> None:
    """Over twenty draws something changes, never in place, and most of the patch stays."""
    before = patch.copy()
    changed = [(corruption(patch, np.random.default_rng(seed)) != patch).mean() for seed in range(20)]
    assert np.array_equal(patch, before)
    assert max(changed) > 0
    assert np.median(changed) < 0.5


def test_the_same_seed_gives_the_same_picture(patch: np.ndarray) -> None:
    """Training can be repeated."""
    twice = [corrupt(patch, np.random.default_rng(3), probability=1) for _ in range(2)]
    assert np.array_equal(*twice)


def test_probability_0_changes_nothing_and_probability_three_quarters_about_that(patch: np.ndarray) -> None:
    """q is the share of patches that are corrupted, as in the paper."""
    rng = np.random.default_rng(4)
    assert np.array_equal(corrupt(patch, rng, probability=0), patch)
    same = sum(np.array_equal(corrupt(patch, rng, probability=0.75), patch) for _ in range(400))
    assert 60 <= same <= 150
