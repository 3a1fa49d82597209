"""Perlin perturbation."""

import pytest
import torch

from stripsight_lab.perturb import PerturbSettings, perlin, perturb


def seeded(seed: int) -> torch.Generator:
    """A CPU generator."""
    return torch.Generator().manual_seed(seed)


def test_perlin_noise_is_zero_on_its_lattice_smooth_and_bounded() -> None:
    """What makes it Perlin's: a gradient at each lattice point and nothing else there."""
    noise = perlin(64, (4, 8), seeded(1))
    assert noise[::16, ::8].abs().max() == 0
    assert 0.3 < noise.abs().max() <= 1
    assert noise.diff(dim=0).abs().max() < 0.2
    assert noise.diff(dim=1).abs().max() < 0.4


def test_the_mask_is_where_the_noise_is_and_nothing_else_changes() -> None:
    """Eq. 1: M is 1 under the noise N and 0 elsewhere; Xn is X with N added or taken away, within [0, 1]."""
    x = torch.rand(24, 1, 32, 32, generator=seeded(2))
    before = x.clone()
    xn, mask, n = perturb(x, PerturbSettings(q=1), seeded(3))
    assert torch.equal(x, before)
    assert torch.equal(mask, (n > 0).float())
    assert 0.01 < mask.mean() < 0.5
    assert torch.equal(xn[mask == 0], x[mask == 0])
    assert xn.min() >= 0
    assert xn.max() <= 1
    inside = (xn > 0) & (xn < 1)
    assert torch.allclose((xn - x).abs()[inside], n[inside], atol=1e-6)


def test_patches_become_brighter_or_darker() -> None:
    """A defect may be dark or bright, so both are drawn, one sign a patch."""
    x = torch.full((40, 1, 32, 32), 0.5)
    change = perturb(x, PerturbSettings(q=1, strength=(0.2, 0.4)), seeded(4))[0] - x
    brighter, darker = (change > 0).flatten(1).any(1), (change < 0).flatten(1).any(1)
    assert brighter.sum() > 5
    assert darker.sum() > 5
    assert not (brighter & darker).any()


def test_noise_is_as_strong_as_the_settings_allow() -> None:
    """Noise above the threshold of 0.5, scaled by the strength: from 0.5 * 0.4 to 0.4."""
    n = perturb(torch.zeros(40, 1, 32, 32), PerturbSettings(q=1, strength=(0.4, 0.4)), seeded(5))[2]
    assert 0.2 <= n[n > 0].min() < 0.21
    assert 0.35 < n.max() <= 0.4


def test_three_of_four_patches_are_perturbed() -> None:
    """q = 0.75 of 400, within five standard deviations; with a threshold of 0 no drawn noise is empty."""
    n = perturb(torch.zeros(400, 1, 8, 8), PerturbSettings(threshold=0.0, largest_exponent=1), seeded(6))[2]
    assert 256 <= (n > 0).flatten(1).any(1).sum() <= 344


def test_q_of_zero_leaves_everything() -> None:
    """No perturbation, no mask, no noise."""
    x = torch.rand(4, 1, 16, 16)
    xn, mask, n = perturb(x, PerturbSettings(q=0), seeded(7))
    assert torch.equal(xn, x)
    assert mask.sum() == n.sum() == 0


def test_the_seed_decides() -> None:
    """The same seed gives the same noise, another one another."""
    x = torch.rand(8, 1, 16, 16)
    settings = PerturbSettings(q=1)
    first, again, other = (perturb(x, settings, seeded(seed))[0] for seed in (8, 8, 9))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("wrong", [{"q": 1.5}, {"q": -0.1}, {"strength": (0.5, 0.2)}, {"largest_exponent": -1}])
def test_settings_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    """Probability and strength lie in [0, 1]."""
    with pytest.raises(ValueError, match="must lie in"):
        PerturbSettings(**wrong)
