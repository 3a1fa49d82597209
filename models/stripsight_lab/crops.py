"""Training crops of the refiner: corrupted input, linear redrawing and clean target, where the linear part errs."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stripsight_lab.corrupt import corrupt
from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.train_settings import TrainSettings

GRID = 8
"""Crops start on the grid of the refiner's coarse scale, as patches do, px."""


def _windows(error: Tensor, crop: int, rng: np.random.Generator, count: int) -> list[tuple[slice, slice]]:
    """Draw crop windows around cells of the grid, with a probability that follows their squared mean `error` [P, P]."""
    size = error.shape[0]
    cells = torch.nn.functional.avg_pool2d(error[None, None], GRID).flatten().double().numpy() ** 2 + 1e-7
    windows = []
    for cell in rng.choice(cells.size, count, p=cells / cells.sum()):
        middle = np.array(divmod(int(cell), size // GRID)) + rng.integers(-4, 5, 2)
        top, left = (int(v) * GRID for v in np.clip(middle - crop // GRID // 2, 0, (size - crop) // GRID))
        windows.append((slice(top, top + crop), slice(left, left + crop)))
    return windows


def make_batch(
    patches: NDArray[np.uint8], linear: LinearAutoencoder, settings: TrainSettings, step: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Crops of step `step`: corrupted input, its linear redrawing, clean target; each float32 [B, 1, crop, crop].

    `patches` is uint8 [R, M, P, P].
    """
    rng = np.random.default_rng([settings.seed, step])
    crops: list[tuple[Tensor, Tensor, Tensor]] = []
    for region in range(patches.shape[0]):
        clean = patches[region, np.sort(rng.integers(0, patches.shape[1], settings.patches_per_region))]
        shown = np.stack([corrupt(patch, rng, probability=settings.corruption) for patch in clean])
        x = torch.from_numpy(shown).float() / 255
        target = torch.from_numpy(clean).float() / 255
        drawn = linear.of_region(x.reshape(len(x), -1), region).reshape(x.shape)
        for i in range(len(x)):
            error = (drawn[i] - target[i]).abs()
            for window in _windows(error, settings.crop, rng, settings.crops_per_patch):
                crops.append((x[i][window], drawn[i][window], target[i][window]))
    inputs, redrawn, targets = (torch.stack(part)[:, None] for part in zip(*crops, strict=True))
    return inputs, redrawn, targets
