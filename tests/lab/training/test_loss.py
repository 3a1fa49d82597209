"""Losses of the refiner and the segmenter, with numbers worked out by hand."""

import math

import pytest
import torch

from stripsight_lab.training.loss import CROP_WEIGHT, DEFECTIVE_WEIGHT, refiner_loss, segmenter_loss

WHITE = torch.full((1, 1, 16, 16), 0.8)
ALL = torch.ones(1, 1, 16, 16)


NOWHERE = torch.zeros(1, 1, 16, 16)


def at_one_pixel() -> torch.Tensor:
    """1 at one pixel of cell (1, 2)."""
    mask = NOWHERE.clone()
    mask[0, 0, 5, 9] = 1
    return mask


def cross_entropy(odds: float, label: int) -> float:
    """Of one cell."""
    return math.log1p(math.exp(-odds if label else odds))


def test_equal_pictures_cost_nothing_and_a_shift_costs_its_size() -> None:
    """1 - SSIM of flat pictures 0.8 and 0.7 is 0.01 / (1.13 + C1), and the L1 part is 0.1 times its weight."""
    assert refiner_loss(WHITE, WHITE, ALL, 4.0).item() == pytest.approx(0, abs=1e-7)
    dissimilar = 0.01 / (0.64 + 0.49 + 1e-4)
    assert refiner_loss(WHITE - 0.1, WHITE, ALL, 4.0).item() == pytest.approx(dissimilar + 0.4, rel=1e-4)


def test_the_refiner_is_not_asked_about_a_cut_edge() -> None:
    """An error where `inside` is 0 does not count; the mean is over the rest."""
    inside = ALL.clone()
    inside[..., :8] = 0
    wrong = WHITE.clone()
    wrong[..., :3] = 0
    # The SSIM window of 11 looks 5 px aside: columns 0 to 2 reach columns 0 to 7 only.
    assert refiner_loss(wrong, WHITE, inside, 4.0).item() == pytest.approx(0, abs=1e-7)


def test_cells_by_hand() -> None:
    """15 good cells at -2 and a defective one at 3; the crop's soft maximum is ln(e^6 + 15 e^-4) / 2."""
    odds = torch.full((1, 4, 4), -2.0)
    odds[0, 1, 2] = 3.0
    cells = (15 * cross_entropy(-2, 0) + DEFECTIVE_WEIGHT * cross_entropy(3, 1)) / 16
    loudest = math.log(math.exp(6) + 15 * math.exp(-4)) / 2
    expected = cells + CROP_WEIGHT * cross_entropy(loudest, 1)
    assert segmenter_loss(odds, at_one_pixel(), at_one_pixel(), ALL).item() == pytest.approx(expected, rel=1e-5)


def test_a_good_crop_must_be_quiet() -> None:
    """Without corruption each cell and the maximum are good."""
    odds = torch.full((1, 4, 4), -2.0)
    loudest = math.log(16 * math.exp(-4)) / 2
    expected = cross_entropy(-2, 0) + CROP_WEIGHT * cross_entropy(loudest, 0)
    assert segmenter_loss(odds, NOWHERE, NOWHERE, ALL).item() == pytest.approx(expected, rel=1e-5)


def test_what_is_barely_changed_or_beside_the_patch_does_not_count() -> None:
    """A cell changed but not damaged, and cells that `inside` cuts, change nothing whatever they say."""
    quiet = torch.full((1, 4, 4), -2.0)
    loud = quiet.clone()
    loud[0, 1, 2] = 9.0
    faint = at_one_pixel()
    assert segmenter_loss(loud, faint, NOWHERE, ALL) == segmenter_loss(quiet, faint, NOWHERE, ALL)
    cut = ALL.clone()
    cut[..., 8:] = 0
    assert segmenter_loss(loud, NOWHERE, NOWHERE, cut) == segmenter_loss(quiet, NOWHERE, NOWHERE, cut)
    assert segmenter_loss(loud, NOWHERE, NOWHERE, ALL) > segmenter_loss(quiet, NOWHERE, NOWHERE, ALL)
