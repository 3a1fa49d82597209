"""Rotation and flip."""

import math

import pytest
import torch

from stripsight_lab.augment import AugmentSettings, Flip, augment, rotate

STILL = 0.0


def seeded(seed: int) -> torch.Generator:
    """A CPU generator."""
    return torch.Generator().manual_seed(seed)


def test_a_quarter_turn_is_a_quarter_turn_clockwise() -> None:
    """Pixel for pixel, and no turn changes nothing."""
    x = torch.rand(2, 1, 12, 12)
    assert torch.allclose(rotate(x, torch.full((2,), math.pi / 2)), x.rot90(-1, (2, 3)), atol=1e-5)
    assert torch.allclose(rotate(x, torch.zeros(2)), x, atol=1e-5)


def test_angles_fill_the_papers_interval() -> None:
    """A dot straight above the centre ends within pi / 8 of there, on both sides and near both ends."""
    x = torch.zeros(200, 1, 65, 65)
    x[:, :, 7:10, 31:34] = 1  # 24 px above the centre (32, 32)
    turned = augment(x, AugmentSettings(flip="none"), seeded(1))[:, 0]
    weight, place = turned.sum((1, 2)), torch.arange(65.0) - 32
    across, down = (turned.sum(1) * place).sum(1) / weight, (turned.sum(2) * place).sum(1) / weight
    angles = torch.atan2(across, -down)
    assert angles.abs().max() < math.pi / 8 + 0.02
    assert angles.min() < -0.9 * math.pi / 8
    assert angles.max() > 0.9 * math.pi / 8


def test_rotation_leaves_no_black_corners() -> None:
    """What is uncovered is filled by reflection: a bright patch stays bright."""
    x = torch.full((16, 1, 32, 32), 0.8)
    assert augment(x, AugmentSettings(), seeded(2)).min() > 0.79


@pytest.mark.parametrize(("flip", "axis"), [("up-down", 2), ("left-right", 3)])
def test_half_of_the_patches_are_flipped_along_the_set_axis(flip: Flip, axis: int) -> None:
    """Each patch is as it was or flipped along that axis; both occur."""
    x = torch.rand(64, 1, 8, 8)
    got = augment(x, AugmentSettings(rotation=STILL, flip=flip), seeded(3))
    same, flipped = ((got == y).flatten(1).all(1) for y in (x, x.flip(axis)))
    assert (same ^ flipped).all()
    assert 16 <= flipped.sum() <= 48


def test_the_default_never_mirrors() -> None:
    """A horizontal flip is an anomaly in the paper, so the default flips upside down."""
    assert AugmentSettings().flip == "up-down"
    assert AugmentSettings().rotation == pytest.approx(math.pi / 8)


def test_flip_and_rotation_can_be_turned_off() -> None:
    """For a product with a liquid level."""
    x = torch.rand(16, 1, 8, 8)
    assert torch.equal(augment(x, AugmentSettings(rotation=STILL, flip="none"), seeded(4)), x)


def test_the_seed_decides() -> None:
    """The same seed gives the same patches, another one others."""
    x = torch.rand(8, 1, 16, 16)
    first, again, other = (augment(x, AugmentSettings(), seeded(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("wrong", [{"rotation": -0.1}, {"flip": "sideways"}])
def test_unknown_settings_are_refused(wrong: dict[str, float]) -> None:
    """A typing mistake does not train a network."""
    with pytest.raises(ValueError, match="must be"):
        AugmentSettings(**wrong)
