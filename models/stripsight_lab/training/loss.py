"""Losses of the shipped network: what the refiner and the segmenter are trained for."""

import torch
from torch import Tensor
from torch.nn import functional

from stripsight_lab.losses import RADIUS, ssim_map
from stripsight_lab.network.trunk import STRIDE

DEFECTIVE_WEIGHT = 4.0
"""Cells of corruption are rare: what one of them counts in the loss."""
SHARPNESS = 2.0
"""Of the soft maximum over a crop."""
SILENT = -50.0
"""Log odds of a cell that the maximum does not count."""
CROP_WEIGHT = 0.1


def refiner_loss(redrawn: Tensor, target: Tensor, inside: Tensor, l1_weight: float) -> Tensor:
    """1 - SSIM plus weighted L1, both as means over `inside`. All are float32 [B, 1, C, C]."""
    counted = inside[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
    dissimilar = ((1 - ssim_map(redrawn, target)) * counted).sum() / counted.sum()
    return dissimilar + l1_weight * ((redrawn - target).abs() * inside).sum() / inside.sum()


def segmenter_loss(odds: Tensor, changed: Tensor, damaged: Tensor, inside: Tensor) -> Tensor:
    """Cross-entropy of each cell, and of each crop by its soft maximum.

    `odds` are log odds float32 [B, C/4, C/4]; the others are 0 or 1, float32 [B, 1, C, C]. A cell is defective where
    corruption damaged it plainly, good where it changed nothing, and not counted in between.
    """
    within = functional.avg_pool2d(inside, STRIDE).squeeze(1).floor()
    defective = functional.max_pool2d(damaged, STRIDE).squeeze(1)  # [B, C/4, C/4]
    untouched = 1 - functional.max_pool2d(torch.maximum(changed, damaged), STRIDE).squeeze(1)
    weight = within * (defective * DEFECTIVE_WEIGHT + untouched)
    cells = functional.binary_cross_entropy_with_logits(odds, defective, weight, reduction="sum") / within.sum()
    counted = odds.masked_fill(within * (defective + untouched) == 0, SILENT).flatten(1)
    loudest = torch.logsumexp(SHARPNESS * counted, dim=1) / SHARPNESS
    rejected = (defective * within).flatten(1).amax(1)
    crops = functional.binary_cross_entropy_with_logits(loudest, rejected)
    return cells + CROP_WEIGHT * crops
