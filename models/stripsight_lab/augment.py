"""Augmentation of the paper, section 6.2: a random rotation in [-pi/8, pi/8] and a random vertical flip.

Read as: the angle is uniform, the flip turns the patch upside down in one half of the draws. The paper
counts a horizontal flip as an anomaly, so mirroring is a setting and not the default. For a product with a
liquid level, turning the flip off is sensible too. What the rotation uncovers is filled by reflection, as
black corners would have to be redrawn.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Flip = Literal["up-down", "left-right", "none"]
AXES: dict[str, int] = {"up-down": 2, "left-right": 3}


@dataclass(frozen=True)
class AugmentSettings:
    """The largest angle in radians either way, and the axis of the flip."""

    rotation: float = math.pi / 8
    flip: Flip = "up-down"

    def __post_init__(self) -> None:
        """Raise ValueError for a negative angle or an unknown flip."""
        if self.rotation < 0 or self.flip not in (*AXES, "none"):
            raise ValueError(f"rotation must be 0 or more, flip one of {[*AXES, 'none']}: {self}")


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turn `x` float32 [N, C, P, P] about its centre by `angles` [N] radians, clockwise, bilinear."""
    cos, sin = angles.cos(), angles.sin()
    zero = torch.zeros_like(cos)
    theta = torch.stack([cos, sin, zero, -sin, cos, zero], dim=1).reshape(-1, 2, 3)  # [N, 6] -> [N, 2, 3]
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)  # where each pixel comes from
    return functional.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def augment(x: Tensor, settings: AugmentSettings, rng: torch.Generator) -> Tensor:
    """Rotate and flip each patch of `x` float32 [N, 1, P, P]; `rng` is a CPU generator."""
    turns = settings.rotation * (2 * torch.rand(len(x), generator=rng) - 1)
    flipped = torch.rand(len(x), generator=rng) < 0.5
    if settings.rotation > 0:
        x = rotate(x, turns.to(x))
    if settings.flip != "none":
        x = torch.where(flipped.to(x.device).reshape(-1, 1, 1, 1), x.flip(AXES[settings.flip]), x)
    return x
