"""Frames to patches and masks."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from stripsight.frame import FrameData, PixelFormat, crc32c, decode_strip
from stripsight.patches import crop
from stripsight.recipe import Recipe, load_recipe
from stripsight_lab.dataset.cut import cut
from stripsight_lab.line import Strip, random_kit
from stripsight_lab.source.layout import Files
from stripsight_lab.source.line import LineUnit
from stripsight_lab.source.picture_unit import PictureUnit


def test_patches_are_those_of_the_service(strips: Recipe) -> None:
    """What the service crops from the same frames, sent as bytes, is the same to the pixel."""
    unit = LineUnit("S1", Strip.good(7))
    sent = [
        FrameData(index, frame.tobytes(), PixelFormat.MONO8, 1920, 1080, crc32c(frame.tobytes()))
        for index, frame in zip((0, 7, 15), unit.acquire(2, (0, 7, 15)).frames, strict=True)
    ]
    found = cut(unit, 2, strips)
    np.testing.assert_array_equal(found.patches, crop(decode_strip(sent, strips), strips))
    assert found.masks is not None
    assert found.masks.shape == (60, 256, 256) and not found.masks.any()


def test_masks_lie_where_the_defect_is(strips: Recipe) -> None:
    """Only patches of the defect's vial show it, and each mask is that of the frame, 0 and 1."""
    item = next(item for item in random_kit(3, 1, 11) if item.defect and item.defect.severity > 0.5)
    unit = LineUnit(item.strip_id, item.strip)
    masks, taken = cut(unit, 0, strips).masks, unit.acquire(0, (0, 7, 15)).masks
    assert masks is not None and taken is not None
    assert set(np.unique(masks)) == {0, 1}
    shown = [strips.patches[n].vial for n in np.flatnonzero(masks.any(axis=(1, 2)))]
    assert set(shown) == {unit.place}
    for place in strips.patches:
        frame = strips.frame.indices.index(place.frame)
        np.testing.assert_array_equal(masks[place.index], taken[frame][place.box.slices])


def test_a_thin_defect_outlasts_a_small_patch(tmp_path: Path) -> None:
    """One pixel of a 300 px picture still shows in its patch of 64 px, at the same place."""
    mask, picture = np.zeros((300, 300), np.uint8), np.full((300, 300), 90, np.uint8)
    mask[150, 30] = 255
    for name, pixels in (("picture", picture), ("mask", mask)):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    unit = PictureUnit("P1", Files(tmp_path / "picture.png", "speck", tmp_path / "mask.png"))
    found = cut(unit, 0, one_region(300, 64))
    assert found.masks is not None
    assert np.argwhere(found.masks).tolist() == [[0, 32, 6]]
    assert np.unique(found.patches).tolist() == [90]
    assert cut(replace(unit, files=Files(tmp_path / "picture.png", "speck")), 0, one_region(300, 64)).masks is None


def test_another_frame_size_is_refused_by_name(tmp_path: Path) -> None:
    """The message names the file, the recipe, and both sizes."""
    assert cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((300, 320), np.uint8))
    unit = PictureUnit("P1", Files(tmp_path / "wide.png", ""))
    with pytest.raises(ValueError, match=r"wide.png: expected frames of 300 x 300 px as in recipe one, found 320 x"):
        cut(unit, 0, one_region(300, 64))


def one_region(side: int, patch: int) -> Recipe:
    """A square frame that is one region, shrunk to a patch."""
    return load_recipe(f"""
        schema_version = 1
        product = {{ name = "one" }}
        frame = {{ width_px = {side}, height_px = {side}, indices = [0], pixel_formats = ["PNG"] }}
        patch = {{ size_px = {patch} }}
        vials = [{{ name = "C1", left_px = 0, top_px = 0 }}]
        slot = {{ duration_ms = 500 }}
        [[regions]]
        name = "R0"
        box = {{ left_px = 0, top_px = 0, right_px = {side}, bottom_px = {side} }}
    """)
