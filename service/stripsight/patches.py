"""Frames to the batch that the graph takes (the crop step). Training crops with this too: it exists once."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.frame import Frame
from stripsight.recipe import Recipe


def crop(frames: Sequence[Frame], recipe: Recipe) -> NDArray[np.uint8]:
    """Cut a strip's frames, in the recipe's order, into uint8 [N, P, P], C-contiguous, as `recipe.patches`.

    Raises ValueError for frames that are not the recipe's.
    """
    indices = tuple(frame.index for frame in frames)
    if indices != recipe.frame.indices:
        raise ValueError(f"expected frames {recipe.frame.indices} in this order, found {indices}")
    return np.concatenate([crop_frame(frame, recipe) for frame in frames])


def crop_frame(frame: Frame, recipe: Recipe) -> NDArray[np.uint8]:
    """Cut one frame into uint8 [B, P, P], C-contiguous, in vial, region order.

    A box of another size than the patch is resized: averaged (INTER_AREA) where it shrinks in both directions,
    interpolated linearly otherwise.
    """
    size = recipe.patch.size_px
    batch = np.empty((recipe.patches_per_frame, size, size), np.uint8)
    for place in recipe.patches[: recipe.patches_per_frame]:
        batch[place.index] = _fitted(frame.pixels[place.box.slices], size)
    return batch


def _fitted(box: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    height, width = box.shape
    if height == width == size:
        return box
    interpolation = cv2.INTER_AREA if min(height, width) >= size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(box, (size, size), interpolation=interpolation), np.uint8)
