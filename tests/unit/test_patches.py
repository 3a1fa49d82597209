"""The crop: every patch from its own place."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.frame import Frame
from stripsight.patches import crop
from stripsight.recipe import Recipe, load_recipe


def numbered(recipe: Recipe, frame: int) -> Frame:
    """A frame whose pixels at a place hold the place's number, and 255 elsewhere."""
    pixels = np.full((recipe.frame.height_px, recipe.frame.width_px), 255, np.uint8)
    for place in recipe.patches:
        if place.frame == frame:
            pixels[place.box.slices] = place.index
    return Frame(frame, pixels, "")


def test_each_patch_is_its_own_place(strip_recipe: Recipe) -> None:
    """Patch i holds exactly the pixels of place i: frame, vial and region, to the last row and column."""
    batch = crop([numbered(strip_recipe, index) for index in strip_recipe.frame.indices], strip_recipe)
    assert (batch.shape, batch.dtype, batch.flags.c_contiguous) == ((60, 32, 32), np.uint8, True)
    assert (batch == np.arange(60, dtype=np.uint8)[:, None, None]).all()


@given(order=st.permutations([0, 7, 15]))
def test_frames_out_of_order_are_refused(strip_recipe: Recipe, order: list[int]) -> None:
    """The batch's order is never a matter of how the frames were passed."""
    frames = [numbered(strip_recipe, index) for index in order]
    if order == [0, 7, 15]:
        assert crop(frames, strip_recipe)[25, 0, 0] == 25
    else:
        with pytest.raises(ValueError, match=r"expected frames \(0, 7, 15\)"):
            crop(frames, strip_recipe)


@pytest.mark.parametrize(
    ("side", "interpolation"), [(96, cv2.INTER_AREA), (24, cv2.INTER_LINEAR)], ids=["larger", "smaller"]
)
def test_a_box_of_another_size_is_resized(side: int, interpolation: int, picture: Callable[..., np.ndarray]) -> None:
    """A box larger than the patch is averaged, a smaller one interpolated, to the patch's size."""
    recipe = load_recipe(f"""
        schema_version = 1
        product.name = "resized"
        frame = {{width_px = 120, height_px = 110, indices = [0], pixel_formats = ["MONO8"]}}
        patch.size_px = 48
        vials = [{{name = "V", left_px = 5, top_px = 6}}]
        regions = [{{name = "R", box = {{left_px = 0, top_px = 0, right_px = {side}, bottom_px = {side}}}}}]
        slot.duration_ms = 500
    """)
    pixels = picture(recipe, 1)
    box = pixels[6 : 6 + side, 5 : 5 + side]
    batch = crop([Frame(0, pixels, "")], recipe)
    assert np.array_equal(batch[0], cv2.resize(box, (48, 48), interpolation=interpolation))
