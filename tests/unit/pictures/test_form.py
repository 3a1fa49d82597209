"""A frame as a picture, and back to the bytes that were sent."""

import hashlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stripsight.frame import BITS, FrameData, PixelFormat, decode
from stripsight.pictures.form import decoded, encoded
from stripsight.png import decode_grey
from stripsight.recipe import Recipe

Sent = Callable[..., FrameData]


def digest_of(frame: FrameData) -> str:
    """The name of its picture."""
    return hashlib.sha256(frame.data).hexdigest()


def noise(pixel_format: PixelFormat, width_px: int, height_px: int, seed: int = 0) -> NDArray[Any]:
    """Samples over the format's whole range, [H, W]."""
    bits = BITS.get(pixel_format, 16)
    samples = np.random.default_rng(seed).integers(0, 1 << bits, (height_px, width_px))
    samples[0, 0], samples[-1, -1] = 0, (1 << bits) - 1
    return samples.astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("pixel_format", list(PixelFormat))
def test_a_picture_gives_back_the_bytes_that_were_sent(pixel_format: PixelFormat, as_sent: Sent) -> None:
    """Each format at its full depth, with all that a FrameData has but the capture time."""
    frame = as_sent(7, noise(pixel_format, 700, 500), pixel_format)
    assert decoded(7, digest_of(frame), b"".join(encoded(frame))) == frame


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([*BITS]), st.integers(0, 9))
def test_frames_of_any_size_come_back(width_px: int, height_px: int, pixel_format: PixelFormat, seed: int) -> None:
    """From one pixel on, whatever the number of pieces."""
    samples = noise(pixel_format, width_px, height_px, seed)
    data = samples.astype("<u2" if samples.itemsize == 2 else np.uint8).tobytes()
    frame = FrameData(0, data, pixel_format, width_px, height_px, 0)
    back = decoded(0, digest_of(frame), b"".join(encoded(frame)))
    assert back is not None
    assert (back.data, back.pixel_format, back.width_px, back.height_px) == (data, pixel_format, width_px, height_px)


@pytest.mark.parametrize("pixel_format", [*BITS])
def test_everybody_can_open_a_picture(pixel_format: PixelFormat, strip_recipe: Recipe, as_sent: Sent) -> None:
    """Another reader sees what the inspection saw: the highest 8 bits are the pixels that were judged."""
    frame = as_sent(0, noise(pixel_format, 408, 144), pixel_format)
    data = b"".join(encoded(frame))
    seen: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert seen.dtype == (np.uint8 if pixel_format is PixelFormat.MONO8 else np.uint16)
    judged = decode(frame, strip_recipe).pixels
    assert np.array_equal(seen >> (8 * (seen.itemsize - 1)), judged)
    assert np.array_equal(decode_grey(data, 408, 144), judged)


def test_a_png_is_kept_as_it_came(as_sent: Sent) -> None:
    """To the byte: its digest is that of the file."""
    frame = as_sent(0, noise(PixelFormat.MONO8, 40, 30), PixelFormat.PNG)
    assert b"".join(encoded(frame)) == frame.data


def test_a_picture_is_made_in_small_pieces(as_sent: Sent) -> None:
    """Of a frame as the line sends it no piece holds more than a fifteenth."""
    frame = as_sent(0, noise(PixelFormat.MONO8, 1920, 1080), PixelFormat.MONO8)
    pieces = list(encoded(frame))
    assert max(map(len, pieces)) < len(frame.data) / 15


@pytest.mark.parametrize("pixel_format", list(PixelFormat))
def test_a_file_that_is_not_the_frame_is_none(pixel_format: PixelFormat, as_sent: Sent) -> None:
    """Another frame's, one with a bit turned, one that was cut, and what is no picture."""
    frame, other = (as_sent(0, noise(pixel_format, 64, 48, seed), pixel_format) for seed in (1, 2))
    data = b"".join(encoded(frame))
    turned = bytearray(data)
    turned[len(data) // 2] ^= 1
    for wrong in (b"".join(encoded(other)), bytes(turned), data[:-20], data[:5], b"", b"no picture" * 20):
        assert decoded(0, digest_of(frame), wrong) is None
