"""Grey PNG to pixels, for input that is not trusted.

The header is read here, and a picture refused by it before a pixel is decoded: 48 kB that claim 49 megapixels
cost nothing. Chunks are checked to the last CRC. The decoder is handed only header and image data: a chunk it
might act on (orientation, gamma, transparency, animation) never reaches it.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.errors import FrameSizeError, FrameUnreadable, PixelFormatError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SLACK = 1 << 16  # a stream that does not compress grows by chunk headers and zlib blocks
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}


@dataclass(frozen=True)
class Header:
    """IHDR of a PNG: size in pixels, bits per sample, colour type (0 is grey)."""

    width_px: int
    height_px: int
    depth: int
    colour: int


def decode_grey(data: bytes, width_px: int, height_px: int, *, field: str = "frame") -> NDArray[np.uint8]:
    """Decode an 8 or 16 bit grey PNG of the given size to uint8 [H, W]; 16 bits keep the higher 8.

    Raises FrameUnreadable, FrameSizeError or PixelFormatError, which name `field`.
    """
    samples = decode_samples(data, width_px, height_px, field=field)
    return samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)


def decode_samples(data: bytes, width_px: int, height_px: int, *, field: str = "frame") -> NDArray[Any]:
    """Decode as `decode_grey` does, to uint8 or uint16 [H, W] by the depth of the file."""
    header = read_header(data, field)
    _check_header(header, width_px, height_px, field)
    largest = height_px * (1 + width_px * header.depth // 8) + _SLACK
    if len(data) > largest:
        raise FrameSizeError(
            f"{field}: expected at most {largest} bytes for {width_px} x {height_px} px, found {len(data)}",
            field=f"{field}.data",
            expected=largest,
            found=len(data),
        )
    pixels = cv2.imdecode(np.frombuffer(_bare(data, field), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape != (height_px, width_px):
        raise _unreadable(field, "a complete image", "image data that cannot be decoded")
    return pixels.astype(np.uint8 if header.depth == 8 else np.uint16, copy=False)


def read_header(data: bytes, field: str = "frame") -> Header:
    """Read the header of a PNG, and nothing else. Raises FrameUnreadable, which names `field`."""
    if not data.startswith(SIGNATURE):
        raise _unreadable(field, "a PNG", f"a file that begins with {data[:8].hex() or 'nothing'}")
    if len(data) < 33 or data[8:16] != b"\0\0\0\x0dIHDR":
        raise _unreadable(field, "IHDR as the first chunk", "none")
    return Header(*struct.unpack(">IIBB", data[16:26]))


def _check_header(header: Header, width_px: int, height_px: int, field: str) -> None:
    if (header.width_px, header.height_px) != (width_px, height_px):
        expected, found = f"{width_px} x {height_px}", f"{header.width_px} x {header.height_px}"
        raise FrameSizeError(
            f"{field}: expected a PNG of {expected} px, found one of {found} px",
            field=f"{field}.data",
            expected=expected,
            found=found,
        )
    if header.colour != 0 or header.depth not in (8, 16):
        expected = "grey (colour type 0) with 8 or 16 bits"
        found = f"colour type {header.colour} with {header.depth} bits"
        raise PixelFormatError(
            f"{field}: expected a PNG in {expected}, found {found}",
            field=f"{field}.data",
            expected=expected,
            found=found,
        )


def _bare(data: bytes, field: str) -> bytes:
    """Check every chunk and keep those that hold the picture."""
    kept = [SIGNATURE]
    end = b""
    for kind, chunk in _chunks(data, field):
        if kind in _ANIMATION:
            raise _unreadable(field, "a still picture", "an animation")
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            kept.append(chunk)
        elif not kind[0] & 0x20:  # a capital first letter: the picture cannot be read without it
            raise _unreadable(field, "the chunks IHDR, IDAT and IEND", f"{kind!r}")
        end = kind
    if end != b"IEND":
        raise _unreadable(field, "IEND as the last chunk", f"the end after {len(data)} bytes")
    return b"".join(kept)


def _chunks(data: bytes, field: str) -> Iterator[tuple[bytes, bytes]]:
    position, kind = len(SIGNATURE), b""
    while position < len(data):
        if kind == b"IEND":
            raise _unreadable(field, "nothing after IEND", f"{len(data) - position} bytes")
        if len(data) - position < 12:
            raise _unreadable(field, "a whole chunk", f"its first {len(data) - position} bytes")
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        if end > len(data):
            raise _unreadable(field, f"a chunk of {length} bytes", f"{len(data) - position - 12} of them")
        kind = data[position + 4 : position + 8]
        if struct.pack(">I", zlib.crc32(data[position + 4 : end - 4])) != data[end - 4 : end]:
            raise _unreadable(field, "chunks with the right CRC", f"another in {kind!r}")
        yield kind, data[position:end]
        position = end


def _unreadable(field: str, expected: str, found: str) -> FrameUnreadable:
    return FrameUnreadable(
        f"{field}: expected {expected}, found {found}", field=f"{field}.data", expected=expected, found=found
    )
