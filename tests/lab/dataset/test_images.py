"""The images of an acquisition: frames and rank images."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stripsight.recipe import Recipe
from stripsight_lab.dataset.images import image_patches, images_recipe, with_ranks
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.source import Unit

Grey = Callable[[int, int, int, int], int]


def levels(unit: Unit, recipe: Recipe, **settings: Any) -> list[int]:
    """The grey level of each patch of run 1."""
    chosen = AcquireSettings(**settings)
    return [int(p[1, 1]) for p in image_patches(unit, 1, images_recipe(recipe, chosen), chosen)]


def test_rank_images_are_minimum_and_maximum_of_each_pixel() -> None:
    """Over all frames, and after them."""
    frames = np.array([[[3, 9]], [[5, 1]], [[4, 4]]], np.uint8)
    assert with_ranks(frames).tolist() == [[[3, 9]], [[5, 1]], [[4, 4]], [[3, 1]], [[5, 9]]]


def test_all_images_come_in_image_vial_region_order(telling: list[Unit], recipe: Recipe, grey: Grey) -> None:
    """16 frames, then the minimum, which is the first frame of these products, and the maximum, which is the last."""
    images = [*range(16), 0, 15]
    expected = [grey(1, image, vial, region) for image in images for vial in range(2) for region in range(3)]
    assert levels(telling[0], recipe) == expected
    assert levels(telling[0], recipe, rank_images=False) == expected[: 16 * 6]


def test_inspected_frames_alone(telling: list[Unit], recipe: Recipe, grey: Grey) -> None:
    """Those of the recipe."""
    expected = [grey(1, frame, vial, region) for frame in (0, 7, 15) for vial in range(2) for region in range(3)]
    assert levels(telling[0], recipe, frames="inspected", rank_images=False) == expected


def test_rank_images_need_all_frames() -> None:
    """Three frames have no rank images that training could use."""
    with pytest.raises(ValidationError, match="rank_images: expected frames = 'all'"):
        AcquireSettings(frames="inspected")
