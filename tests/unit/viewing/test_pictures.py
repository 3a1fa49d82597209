"""Pictures of frames: whole factors, and the 8 bits that were inspected."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.frame import Frame, FrameData, PixelFormat, decode
from stripsight.pictures.form import encoded
from stripsight.recipe import Recipe
from stripsight.viewing.pictures import frame_picture, pixels_of


def drawn(pixels: NDArray[np.uint8], width_max_px: int) -> tuple[int, NDArray[np.uint8]]:
    """Return the scale and the pixels of a frame's picture."""
    picture = frame_picture(Frame(7, pixels, "d" * 64), width_max_px)
    assert (picture.frame_index, picture.digest) == (7, "d" * 64)
    return picture.scale, np.asarray(cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("width_max_px", [0, 100, 5000])
def test_a_frame_that_is_narrow_enough_stays_as_it_is(width_max_px: int) -> None:
    """Pixel for pixel."""
    pixels = np.random.default_rng(1).integers(0, 256, (31, 100), np.uint8)
    scale, found = drawn(pixels, width_max_px)
    assert scale == 1
    np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize(("width_max_px", "scale", "shape"), [(99, 2, (15, 50)), (50, 2, (15, 50)), (49, 3, (10, 33))])
def test_a_wider_one_is_made_smaller_by_the_least_factor_that_does(
    width_max_px: int, scale: int, shape: tuple[int, int]
) -> None:
    """Each pixel is the mean of those it stands for; what is left over at the edges is cut off."""
    pixels = np.random.default_rng(2).integers(0, 256, (31, 100), np.uint8)
    found_scale, found = drawn(pixels, width_max_px)
    assert (found_scale, found.shape) == (scale, shape)
    height, width = shape
    whole = pixels[: height * scale, : width * scale].reshape(height, scale, width, scale)
    assert np.abs(found - whole.mean(axis=(1, 3))).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("pixel_format", list(PixelFormat))
def test_a_kept_frame_has_the_pixels_that_were_inspected(
    pixel_format: PixelFormat, strip_recipe: Recipe, as_sent: Callable[..., FrameData]
) -> None:
    """The 8 bits of the decode step, whatever the format it came in."""
    bits = {PixelFormat.MONO10: 10, PixelFormat.MONO12: 12}.get(pixel_format, 8)
    shape = (strip_recipe.frame.height_px, strip_recipe.frame.width_px)
    samples = np.random.default_rng(3).integers(0, 1 << bits, shape, np.uint16 if bits > 8 else np.uint8)
    frame = as_sent(7, samples, pixel_format)
    found = pixels_of(b"".join(encoded(frame)))
    assert found is not None
    np.testing.assert_array_equal(found, decode(frame, strip_recipe).pixels)


@pytest.mark.parametrize("data", [b"", b"no picture", cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()])
def test_what_is_no_grey_picture_is_none(data: bytes) -> None:
    """Damaged files and colours."""
    assert pixels_of(data) is None
