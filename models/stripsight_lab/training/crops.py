"""Training crops: corrupted input, its linear redrawing and the clean target, where the linear part errs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.trunk import COARSEST
from stripsight_lab.patches import Patches
from stripsight_lab.training.corrupt import corrupt
from stripsight_lab.training.settings import TrainSettings

GRID = COARSEST
"""Crops start on the grid of the network's coarsest scale, as patches do, px."""
ANYWHERE = 0.25
"""Share of the crops that are drawn anywhere, so that quiet places are seen too."""


@dataclass(frozen=True, eq=False)
class Crops:
    """A batch of B crops with C px a side, grey in [0, 1]."""

    shown: Tensor
    """What the networks see, float32 [B, 1, C, C]."""
    linear: Tensor
    """Its linear redrawing, float32 [B, 1, C, C]."""
    clean: Tensor
    """The good patch behind it, float32 [B, 1, C, C]."""
    damaged: Tensor
    """1 where corruption is plain, float32 [B, 1, C, C]."""
    inside: Tensor
    """1 where the context of a pixel is the patch's own, float32 [B, 1, C, C]; 0 in GRID px along a cut edge."""


def _corners(error: Tensor, crop: int, rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Draw crops' top left corners: around cells of the grid by the squared mean `error` [P, P], or anywhere."""
    size = error.shape[0]
    cells = torch.nn.functional.avg_pool2d(error[None, None], GRID).flatten().double().numpy() ** 2
    odds = (1 - ANYWHERE) * cells / (cells.sum() + 1e-12) + ANYWHERE / cells.size
    corners = []
    for cell in rng.choice(cells.size, count, p=odds / odds.sum()):
        middle = np.array(divmod(int(cell), size // GRID)) + rng.integers(-3, 4, 2)
        top, left = (int(v) * GRID for v in np.clip(middle - crop // GRID // 2, 0, (size - crop) // GRID))
        corners.append((top, left))
    return corners


def inside(top: int, left: int, crop: int, size: int) -> Tensor:
    """1 but for GRID px along each edge of the crop that is not an edge of the patch, float32 [crop, crop]."""
    seen = torch.ones(crop, crop)
    if top > 0:
        seen[:GRID] = 0
    if left > 0:
        seen[:, :GRID] = 0
    if top + crop < size:
        seen[-GRID:] = 0
    if left + crop < size:
        seen[:, -GRID:] = 0
    return seen


def make_batch(patches: Patches, linear: LinearAutoencoder, settings: TrainSettings, step: int) -> Crops:
    """Crops of step `step`; all that is random in them follows from the seed and the step."""
    rng = np.random.default_rng([settings.seed, step])
    crop = settings.crop
    crops: list[tuple[Tensor, ...]] = []
    for region in range(patches.regions):
        clean = patches.read(region, rng.integers(0, patches.count, settings.patches_per_region))
        found = [corrupt(patch, rng, probability=settings.corruption) for patch in clean]
        x, target = (torch.from_numpy(each).float() / 255 for each in (np.stack([f.shown for f in found]), clean))
        damaged = torch.from_numpy(np.stack([each.damaged for each in found])).float()
        drawn = linear.of_region(x.reshape(len(x), -1), region).reshape(x.shape)
        for i in range(len(x)):
            for top, left in _corners((drawn[i] - target[i]).abs(), crop, rng, settings.crops_per_patch):
                window = (i, slice(top, top + crop), slice(left, left + crop))
                seen = inside(top, left, crop, x.shape[-1])
                crops.append((x[window], drawn[window], target[window], damaged[window], seen))
    return Crops(*(torch.stack(part)[:, None] for part in zip(*crops, strict=True)))
