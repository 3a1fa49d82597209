"""Decoding: what was sent, or an error that names the field, what was expected and what was found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stripsight.errors import (
    FrameCountError,
    FrameDigestError,
    FrameIndexError,
    FrameSizeError,
    FrameUnreadable,
    InvalidRequest,
    PixelFormatError,
)
from stripsight.frame import FrameData, PixelFormat, crc32c, decode, decode_strip
from stripsight.recipe import Recipe

SentFn = Callable[..., FrameData]
DEPTHS = [(PixelFormat.MONO8, 8), (PixelFormat.MONO10, 10), (PixelFormat.MONO12, 12), (PixelFormat.PNG, 16)]


@pytest.fixture
def deep(strip_recipe: Recipe) -> NDArray[np.uint16]:
    """A frame of random 16 bit samples."""
    shape = strip_recipe.frame.height_px, strip_recipe.frame.width_px
    return np.random.default_rng(5).integers(0, 1 << 16, shape, dtype=np.uint16)


def test_crc32c_is_castagnoli() -> None:
    """The checksum is CRC-32C: the check value of RFC 3720's polynomial for "123456789"."""
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize(("pixel_format", "bits"), DEPTHS)
def test_every_format_keeps_the_highest_8_bits(
    pixel_format: PixelFormat, bits: int, deep: NDArray[np.uint16], as_sent: SentFn, strip_recipe: Recipe
) -> None:
    """8, 10, 12 and 16 bit samples come out as the same 8 bit pixels: shifted, never scaled or clamped."""
    samples = (deep >> (16 - bits)).astype(np.uint8 if bits == 8 else np.uint16)
    frame = decode(as_sent(7, samples, pixel_format), strip_recipe)
    assert frame.pixels.dtype == np.uint8
    assert np.array_equal(frame.pixels, deep >> 8)
    assert frame.index == 7


@pytest.mark.parametrize(("pixel_format", "bits"), DEPTHS)
def test_a_frame_is_read_only(
    pixel_format: PixelFormat, bits: int, deep: NDArray[np.uint16], as_sent: SentFn, strip_recipe: Recipe
) -> None:
    """Nothing can write into a decoded frame."""
    samples = (deep >> (16 - bits)).astype(np.uint8 if bits == 8 else np.uint16)
    with pytest.raises(ValueError, match="read-only"):
        decode(as_sent(0, samples, pixel_format), strip_recipe).pixels[0, 0] = 1


def test_a_frame_knows_its_bytes_and_time(picture: Any, as_sent: SentFn, strip_recipe: Recipe) -> None:
    """The digest is sha256 of the bytes as sent, and the capture time is kept."""
    now = datetime(2024, 2, 3, tzinfo=UTC)
    data = as_sent(0, picture(strip_recipe, 1), PixelFormat.PNG, capture_time=now)
    frame = decode(data, strip_recipe)
    assert frame.digest == sha256(data.data).hexdigest()
    assert frame.capture_time == now


@pytest.mark.parametrize("pixel_format", [PixelFormat.MONO8, PixelFormat.PNG])
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_by_the_digest(
    *,
    pixel_format: PixelFormat,
    position: float,
    bit: int,
    picture: Any,
    as_sent: SentFn,
    strip_recipe: Recipe,
) -> None:
    """Whatever bit flips on the way, in any format, the frame is refused before it is decoded."""
    frame = as_sent(0, picture(strip_recipe, 1), pixel_format)
    data = bytearray(frame.data)
    data[int(position * len(data))] ^= 1 << bit
    with pytest.raises(FrameDigestError):
        decode(replace(frame, data=bytes(data)), strip_recipe)


@pytest.mark.parametrize(
    ("changes", "error", "field", "expected", "found"),
    [
        ({"pixel_format": "JPEG"}, PixelFormatError, "pixel_format", "MONO8, MONO10, MONO12, PNG", "JPEG"),
        ({"width_px": 409}, FrameSizeError, "width_px", "408", "409"),
        ({"height_px": 143}, FrameSizeError, "height_px", "144", "143"),
        ({"width_px": 144, "height_px": 408}, FrameSizeError, "width_px", "408", "144"),
        ({"crc32c": 0}, FrameDigestError, "crc32c", "0", None),
        ({"data": b"", "crc32c": 0}, FrameSizeError, "data", "58752", "0"),
        ({"pixel_format": PixelFormat.MONO12}, FrameSizeError, "data", "117504", "58752"),
        ({"pixel_format": PixelFormat.PNG}, FrameUnreadable, "data", "a PNG", None),
    ],
)
def test_what_is_not_as_declared_is_refused(
    *,
    changes: dict[str, Any],
    error: type[InvalidRequest],
    field: str,
    expected: str,
    found: str | None,
    picture: Any,
    as_sent: SentFn,
    strip_recipe: Recipe,
) -> None:
    """A wrong format, size, digest or length is an error with field, what was expected and found."""
    frame = replace(as_sent(0, picture(strip_recipe, 1)), **changes)
    with pytest.raises(error) as caught:
        decode(frame, strip_recipe, field="frames[1]")
    assert caught.value.field == f"frames[1].{field}"
    assert caught.value.facts["expected"] == expected
    assert found in (None, caught.value.facts["found"])
    assert "frames[1]: expected" in caught.value.message


def test_a_format_that_the_recipe_leaves_out(picture: Any, as_sent: SentFn, item_recipe: Recipe) -> None:
    """A format that exists is still refused where the recipe does not take it."""
    frame = as_sent(3, picture(item_recipe, 1), PixelFormat.MONO12)
    with pytest.raises(PixelFormatError, match="MONO8, PNG, found MONO12"):
        decode(frame, item_recipe)


@pytest.mark.parametrize("bits", [10, 12])
def test_a_sample_above_its_range(bits: int, deep: NDArray[np.uint16], as_sent: SentFn, strip_recipe: Recipe) -> None:
    """One sample above the format's largest is an error: packed or big-endian data look like that."""
    samples = deep >> (16 - bits)
    samples[-1, -1] = 1 << bits
    with pytest.raises(PixelFormatError, match=f"up to {(1 << bits) - 1}, found {1 << bits}") as caught:
        decode(as_sent(0, samples, PixelFormat(f"MONO{bits}")), strip_recipe)
    assert caught.value.field == "frame.data"


@given(order=st.permutations(range(3)))
def test_frames_come_in_any_order(order: list[int], strip: Any, strip_recipe: Recipe) -> None:
    """A strip's frames are the same in whatever order they are sent."""
    frames = strip(strip_recipe, 1)
    decoded = decode_strip([frames[i] for i in order], strip_recipe)
    assert [frame.index for frame in decoded] == [0, 7, 15]
    assert [frame.digest for frame in decoded] == [sha256(frame.data).hexdigest() for frame in frames]


@pytest.mark.parametrize(
    ("indices", "error", "field"),
    [
        ([], FrameCountError, "frames"),
        ([0, 7], FrameCountError, "frames"),
        ([0, 7, 15, 15], FrameCountError, "frames"),
        ([0, 7, 7], FrameIndexError, "frames[2].index"),
        ([0, 8, 15], FrameIndexError, "frames[1].index"),
        ([-1, 7, 15], FrameIndexError, "frames[0].index"),
    ],
)
def test_each_index_once(
    indices: list[int], error: type[InvalidRequest], field: str, strip: Any, strip_recipe: Recipe
) -> None:
    """Exactly the recipe's frames are taken, each once: no more, no fewer, no other, none twice."""
    frame = strip(strip_recipe, 1)[0]
    with pytest.raises(error, match=r"\[0, 7, 15\]") as caught:
        decode_strip([replace(frame, index=index) for index in indices], strip_recipe)
    assert caught.value.field == field


def test_the_error_names_the_place_in_the_request(strip: Any, strip_recipe: Recipe) -> None:
    """The field counts frames as they were sent, not as the recipe orders them."""
    first, second, third = strip(strip_recipe, 1)
    with pytest.raises(FrameDigestError) as caught:
        decode_strip([third, replace(first, crc32c=1), second], strip_recipe)
    assert caught.value.field == "frames[1].crc32c"
