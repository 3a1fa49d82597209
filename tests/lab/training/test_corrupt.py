"""Structured corruption of training patches."""

from collections.abc import Callable

import numpy as np
import pytest

from stripsight_lab.training.corrupt import CORRUPTIONS, PLAIN, Corrupted, corrupt, warp


@pytest.fixture
def patch() -> np.ndarray:
    """A grey ramp with a dark band, so that every corruption has something to change."""
    ramp = np.tile(np.linspace(60, 230, 128), (128, 1))
    ramp[40:60] -= 50
    return ramp.astype(np.uint8)


@pytest.mark.parametrize("corruption", set(CORRUPTIONS), ids=lambda c: c.__name__)
def test_each_changes_a_part_of_the_patch(corruption: Callable[..., Corrupted], patch: np.ndarray) -> None:
    """Over twenty draws something changes, never in place, and most of the patch stays."""
    before = patch.copy()
    changed = [(corruption(patch, np.random.default_rng(seed)).shown != patch).mean() for seed in range(20)]
    assert np.array_equal(patch, before)
    assert max(changed) > 0
    assert np.median(changed) < 0.5


def test_the_same_seed_gives_the_same_picture(patch: np.ndarray) -> None:
    """Training can be repeated."""
    twice = [corrupt(patch, np.random.default_rng(3), probability=1).shown for _ in range(2)]
    assert np.array_equal(*twice)


def test_probability_0_changes_nothing_and_probability_three_quarters_about_that(patch: np.ndarray) -> None:
    """q is the share of patches that are corrupted, as in the paper."""
    rng = np.random.default_rng(4)
    assert np.array_equal(corrupt(patch, rng, probability=0).shown, patch)
    same = sum(np.array_equal(corrupt(patch, rng, probability=0.75).shown, patch) for _ in range(400))
    assert 60 <= same <= 150


@pytest.mark.parametrize("corruption", set(CORRUPTIONS), ids=lambda c: c.__name__)
def test_damage_is_where_the_change_is_plain(corruption: Callable[..., Corrupted], patch: np.ndarray) -> None:
    """Nothing is told as damaged that changed by less than PLAIN, and some of what changed is told."""
    damaged = 0
    for seed in range(20):
        found = corruption(patch, np.random.default_rng(seed))
        change = np.abs(found.shown.astype(int) - patch)
        assert not found.damaged[change < PLAIN].any()
        damaged += int(found.damaged.sum())
    assert damaged > 0


def test_a_wall_that_stands_a_little_aside_is_not_told_as_damaged(patch: np.ndarray) -> None:
    """Far from a dent its skirt moves walls by less than moulds differ: changed, but no damage."""
    undecided = 0
    for seed in range(20):
        found = warp(patch, np.random.default_rng(seed))
        plain = np.abs(found.shown.astype(int) - patch) >= PLAIN
        undecided += int((plain & ~found.damaged).sum())
    assert undecided > 0
