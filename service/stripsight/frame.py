"""Bytes to a Frame (the decode step). Nothing is resized, clamped or guessed: what differs is refused."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from stripsight import png
from stripsight.errors import (
    FrameCountError,
    FrameDigestError,
    FrameIndexError,
    FrameSizeError,
    PixelFormatError,
)
from stripsight.recipe import PixelFormat, Recipe

__all__ = [
    "BITS",
    "Frame",
    "FrameData",
    "PixelFormat",
    "check_count",
    "check_index",
    "check_indices",
    "crc32c",
    "decode",
    "decode_strip",
]

BITS = {PixelFormat.MONO8: 8, PixelFormat.MONO10: 10, PixelFormat.MONO12: 12}
"""How many bits a sample of an unpacked format has; above 8 it takes two bytes, little-endian."""


@dataclass(frozen=True)
class FrameData:
    """A frame as it was sent. `crc32c` is that of `data`; only some recipes check `capture_time`."""

    index: int
    data: bytes
    pixel_format: PixelFormat
    width_px: int
    height_px: int
    crc32c: int
    capture_time: datetime | None = None


@dataclass(frozen=True)
class Frame:
    """A decoded frame. `pixels` is uint8 [H, W], read-only; `digest` is sha256 (hex) of the bytes as sent."""

    index: int
    pixels: NDArray[np.uint8]
    digest: str
    capture_time: datetime | None = None


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) that a FrameData carries."""
    return int(google_crc32c.value(data))


def decode_strip(frames: Sequence[FrameData], recipe: Recipe) -> tuple[Frame, ...]:
    """Decode a strip's frames, sent in any order, into the recipe's order.

    Raises what `check_indices` and `decode` raise, with fields such as `frames[1].pixel_format`.
    """
    check_indices([frame.index for frame in frames], recipe)
    decoded = [decode(frame, recipe, field=f"frames[{position}]") for position, frame in enumerate(frames)]
    return tuple(sorted(decoded, key=lambda frame: recipe.frame.indices.index(frame.index)))


def check_indices(indices: Sequence[int], recipe: Recipe) -> None:
    """Raise FrameCountError or FrameIndexError unless each frame that the recipe inspects is there once."""
    check_count(len(indices), recipe)
    for position in range(len(indices)):
        check_index(indices, position, recipe)


def check_count(found: int, recipe: Recipe) -> None:
    """Raise FrameCountError unless a strip has as many frames as the recipe inspects."""
    expected = recipe.frame.indices
    if found != len(expected):
        raise FrameCountError(
            f"expected {len(expected)} frames with the indices {list(expected)}, found {found}",
            field="frames",
            expected=len(expected),
            found=found,
        )


def check_index(indices: Sequence[int], position: int, recipe: Recipe) -> None:
    """Raise FrameIndexError unless `indices[position]` is one that the recipe inspects and no earlier frame has."""
    expected, found = recipe.frame.indices, indices[position]
    if found not in expected or found in indices[:position]:
        raise FrameIndexError(
            f"expected each of the indices {list(expected)} once, found {list(indices)}",
            field=f"frames[{position}].index",
            expected=str(list(expected)),
            found=found,
        )


def decode(frame: FrameData, recipe: Recipe, *, field: str = "frame") -> Frame:
    """Decode one frame to 8 bits; deeper samples keep their highest 8 bits.

    `field` is where the frame sits in the request. Raises PixelFormatError, FrameSizeError, FrameDigestError
    or FrameUnreadable.
    """
    _check_declared(frame, recipe, field)
    found = crc32c(frame.data)
    if found != frame.crc32c:
        raise FrameDigestError(
            f"{field}: expected bytes with crc32c {frame.crc32c:#010x}, found {found:#010x}",
            field=f"{field}.crc32c",
            expected=frame.crc32c,
            found=found,
        )
    if frame.pixel_format is PixelFormat.PNG:
        pixels = png.decode_grey(frame.data, frame.width_px, frame.height_px, field=field)
    else:
        pixels = _mono(frame, field)
    pixels.flags.writeable = False
    return Frame(frame.index, pixels, hashlib.sha256(frame.data).hexdigest(), frame.capture_time)


def _check_declared(frame: FrameData, recipe: Recipe, field: str) -> None:
    if frame.pixel_format not in recipe.frame.pixel_formats:
        names = ", ".join(recipe.frame.pixel_formats)
        raise PixelFormatError(
            f"{field}: expected one of the formats {names}, found {frame.pixel_format!s}",
            field=f"{field}.pixel_format",
            expected=names,
            found=str(frame.pixel_format),
        )
    for name in ("width_px", "height_px"):
        expected, found = getattr(recipe.frame, name), getattr(frame, name)
        if expected != found:
            raise FrameSizeError(
                f"{field}: expected {name} {expected}, found {found}",
                field=f"{field}.{name}",
                expected=expected,
                found=found,
            )


def _mono(frame: FrameData, field: str) -> NDArray[np.uint8]:
    bits = BITS[frame.pixel_format]
    expected = frame.width_px * frame.height_px * (1 if bits == 8 else 2)
    if len(frame.data) != expected:
        raise FrameSizeError(
            f"{field}: expected {expected} bytes for {frame.width_px} x {frame.height_px} px of "
            f"{frame.pixel_format}, found {len(frame.data)}",
            field=f"{field}.data",
            expected=expected,
            found=len(frame.data),
        )
    shape = frame.height_px, frame.width_px
    if bits == 8:
        return np.frombuffer(frame.data, np.uint8).reshape(shape)
    samples: NDArray[np.uint16] = np.frombuffer(frame.data, "<u2").reshape(shape)
    largest = int(samples.max())
    if largest >= 1 << bits:
        raise PixelFormatError(
            f"{field}: expected {frame.pixel_format} samples up to {(1 << bits) - 1}, found {largest}",
            field=f"{field}.data",
            expected=(1 << bits) - 1,
            found=largest,
        )
    return (samples >> (bits - 8)).astype(np.uint8)
