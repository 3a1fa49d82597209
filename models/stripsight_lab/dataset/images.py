"""The images of an acquisition that a network is trained on: its frames, then its rank images (the paper's 16 + 2)."""

import numpy as np
from numpy.typing import NDArray

from stripsight.recipe import Recipe
from stripsight_lab.dataset.cut import acquire_frames, cut_frames
from stripsight_lab.dataset.settings import ALL_FRAMES, AcquireSettings
from stripsight_lab.source.unit import Unit


def images_recipe(recipe: Recipe, settings: AcquireSettings) -> Recipe:
    """The recipe that cuts all images: their numbers are 0 to 15 for frames, 16 for the minimum, 17 for the maximum."""
    if settings.frames == "inspected":
        return recipe
    indices = tuple(range(ALL_FRAMES + 2 * settings.rank_images))
    frame = {**recipe.frame.model_dump(), "indices": indices}
    # Not model_copy, which would keep the places of the old frames.
    return Recipe.model_validate({**recipe.model_dump(), "frame": frame})


def image_patches(unit: Unit, run: int, images: Recipe, settings: AcquireSettings) -> NDArray[np.uint8]:
    """Patches of all images of one acquisition, uint8 [N, P, P] in image, vial, region order.

    `images` is what `images_recipe` gives.
    """
    wanted = images.frame.indices if settings.frames == "inspected" else range(ALL_FRAMES)
    frames = acquire_frames(unit, run, wanted, images).frames
    return cut_frames(with_ranks(frames) if settings.rank_images else frames, images)


def with_ranks(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames uint8 [F, H, W] followed by the minimum and the maximum of each pixel over them: [F + 2, H, W]."""
    return np.concatenate([frames, frames.min(0, keepdims=True), frames.max(0, keepdims=True)])
