"""The batches of a training."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stripsight_lab.augment import AugmentSettings
from stripsight_lab.gan.batches import Maker, Tasks, batches
from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.patches import ArrayPatches
from stripsight_lab.perturb import PerturbSettings

Noise = Callable[..., NDArray[np.uint8]]
ALONE = Ranks()


def chosen(tasks: Tasks) -> list[list[int]]:
    """The patches of each step."""
    return [places.tolist() for _, places in tasks]


def test_an_epoch_shows_each_patch_once_in_a_new_order(tiny: GanSettings) -> None:
    """12 patches are 3 batches of 4, in another order in each epoch and for each seed."""
    shown = chosen(Tasks(12, tiny, ALONE, 0, 9))
    epochs = [list(chain(*shown[k : k + 3])) for k in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert chosen(Tasks(12, replace(tiny, seed=2), ALONE, 0, 9)) != shown


def test_a_training_can_begin_at_any_step(tiny: GanSettings) -> None:
    """Steps 4 to 8 are what they would have been; the two patches that fill no batch are left out."""
    whole = list(Tasks(14, tiny, ALONE, 0, 9))
    late = list(Tasks(14, tiny, ALONE, 4, 8))
    assert [step for step, _ in late] == [4, 5, 6, 7]
    assert [places.tolist() for _, places in late] == [places.tolist() for _, places in whole[4:8]]


def test_ranks_share_out_each_batch(tiny: GanSettings) -> None:
    """What two ranks read is what one alone reads, half each."""
    first, second = (chosen(Tasks(12, tiny, Ranks(rank, 2), 0, 9)) for rank in (0, 1))
    assert [a + b for a, b in zip(first, second, strict=True)] == chosen(Tasks(12, tiny, ALONE, 0, 9))
    assert {len(part) for part in first + second} == {2}


def test_what_is_drawn_follows_from_seed_step_and_rank(tiny: GanSettings, noise: Noise) -> None:
    """The same again is the same; another seed, step or rank draws another perturbation and angle."""
    patches, places = ArrayPatches(noise(1)), np.arange(4)
    always = replace(tiny, perturb=PerturbSettings(q=1))
    first, again, step, rank, seed = (
        Maker(patches, settings, rank)[step, places]
        for settings, step, rank in [
            (always, 5, 0), (always, 5, 0), (always, 6, 0), (always, 5, 1), (replace(always, seed=2), 5, 0),
        ]
    )  # fmt: skip
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for other in (step, rank, seed):
        assert not torch.equal(first.n, other.n)
        assert not torch.equal(first.x, other.x)


def test_a_batch_is_the_patches_in_float(tiny: GanSettings, noise: Noise) -> None:
    """With nothing random left, X and Xn are the patches over 255, in the order of the task, and N is black."""
    plain = replace(tiny, perturb=PerturbSettings(q=0), augment=AugmentSettings(rotation=0, flip="none"))
    array = noise(1)
    x, xn, n = Maker(ArrayPatches(array), plain, 0)[0, np.array([7, 2])]
    expected = torch.from_numpy(array.reshape(10, 1, 16, 16)[[7, 2]]).float() / 255
    assert torch.equal(x, expected)
    assert torch.equal(xn, expected)
    assert not n.any()


@pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker")  # it advises against two on one core
def test_workers_make_the_same_batches_in_the_same_order(tiny: GanSettings, noise: Noise) -> None:
    """Two processes or none: step by step the same, and the caller's random numbers go on undisturbed."""
    patches, tasks = ArrayPatches(noise(1)), Tasks(10, tiny, ALONE, 1, 6)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ahead, inline = list(batches(patches, tasks, workers=2)), list(batches(patches, tasks, workers=0))
    assert torch.equal(torch.rand(3), expected)
    assert len(ahead) == 5
    for left, right in zip(ahead, inline, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(left, right, strict=True))
