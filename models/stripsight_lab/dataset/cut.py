"""Frames to patches, as the service cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stripsight.frame import Frame
from stripsight.patches import crop
from stripsight.recipe import Recipe
from stripsight_lab.source.unit import Acquired, Unit


@dataclass(frozen=True, eq=False)
class Cut:
    """Patches of one acquisition and where they show the defect, uint8 [N, P, P] in frame, vial, region order."""

    patches: NDArray[np.uint8]
    masks: NDArray[np.uint8] | None
    """1 where any of the defect falls on the pixel, else 0; None where the truth of pixels is not known."""


def cut(unit: Unit, run: int, recipe: Recipe) -> Cut:
    """Acquire the frames that the recipe inspects and cut them.

    Raises ValueError, which names the unit, for frames of another size than the recipe's: as in the service, no frame
    is resized; a region that is larger or smaller than a patch is.
    """
    taken = acquire_frames(unit, run, recipe.frame.indices, recipe)
    masks = None if taken.masks is None else cut_frames(taken.masks * np.uint8(255), recipe)
    # Averaging leaves a trace of a thin defect; half a pixel as the limit would make it vanish.
    return Cut(cut_frames(taken.frames, recipe), None if masks is None else np.asarray(masks > 0, np.uint8))


def acquire_frames(unit: Unit, run: int, indices: Sequence[int], recipe: Recipe) -> Acquired:
    """Acquire frames of the recipe's size. Raises ValueError for another."""
    taken = unit.acquire(run, indices)
    height, width = taken.frames.shape[1:]
    if (width, height) != (recipe.frame.width_px, recipe.frame.height_px):
        expected = f"{recipe.frame.width_px} x {recipe.frame.height_px} px as in recipe {recipe.product.name}"
        raise ValueError(f"{unit}: expected frames of {expected}, found {width} x {height} px")
    return taken


def cut_frames(frames: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.uint8]:
    """Cut uint8 [F, H, W], the recipe's frames in its order, into uint8 [N, P, P]."""
    pairs = zip(recipe.frame.indices, frames, strict=True)
    return crop([Frame(index=index, pixels=pixels, digest="") for index, pixels in pairs], recipe)
