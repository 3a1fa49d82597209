"""PNG from people who are not trusted."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stripsight.errors import FrameSizeError, FrameUnreadable, InvalidRequest, PixelFormatError
from stripsight.png import SIGNATURE, decode_grey

WIDTH, HEIGHT = 48, 64
PIXELS = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
ROWS = b"".join(b"\0" + row.tobytes() for row in PIXELS)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """Length, kind, data, CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int = WIDTH, height: int = HEIGHT, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    """IHDR."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def a_png(*chunks: bytes) -> bytes:
    """A file of chunks between signature and IEND; by default the picture above."""
    parts = chunks or (header(), chunk(b"IDAT", zlib.compress(ROWS)))
    return b"".join((SIGNATURE, *parts, chunk(b"IEND")))


def interlaced(pixels: NDArray[np.uint8]) -> bytes:
    """The seven passes of Adam7."""
    starts = [(0, 0), (0, 4), (4, 0), (0, 2), (2, 0), (0, 1), (1, 0)]
    steps = [(8, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1)]
    passes = zip(starts, steps, strict=True)
    parts = [pixels[top::down, left::across] for (top, left), (down, across) in passes]
    return b"".join(b"\0" + row.tobytes() for part in parts for row in part)


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Decode at the size of the picture above."""
    return decode_grey(data, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "data",
    [
        a_png(),
        a_png(header(interlace=1), chunk(b"IDAT", zlib.compress(interlaced(PIXELS)))),
        a_png(header(), *(chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(ROWS))),
        cv2.imencode(".png", PIXELS)[1].tobytes(),
    ],
    ids=["plain", "interlaced", "a byte a chunk", "by OpenCV"],
)
def test_the_pixels_are_those_that_were_encoded(data: bytes) -> None:
    """However the file is laid out, its pixels come back exactly."""
    assert np.array_equal(decoded(data), PIXELS)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),  # a quarter turn
        chunk(b"tRNS", struct.pack(">H", int(PIXELS[0, 0]))),
        chunk(b"gAMA", struct.pack(">I", 10_000)),
        chunk(b"tEXt", b"Comment\0hello"),
    ],
    ids=["orientation", "transparency", "gamma", "text"],
)
def test_nothing_beside_the_image_changes_it(extra: bytes) -> None:
    """Orientation, transparency, gamma and text do not change a pixel."""
    assert np.array_equal(decoded(a_png(header(), extra, chunk(b"IDAT", zlib.compress(ROWS)))), PIXELS)


def test_a_bomb_is_refused_by_its_header() -> None:
    """48 kB that claim 49 megapixels are refused by the header: none of its data need even be valid."""
    bomb = a_png(header(7000, 7000), chunk(b"IDAT", b"\0" * 48_000))
    with pytest.raises(FrameSizeError, match="expected a PNG of 48 x 64 px, found one of 7000 x 7000 px"):
        decoded(bomb)


def test_more_bytes_than_the_picture_can_need() -> None:
    """A file far larger than its raw pixels is refused before it is decoded."""
    data = a_png(header(), chunk(b"tEXt", b"k\0" + bytes(70_000)), chunk(b"IDAT", zlib.compress(ROWS)))
    with pytest.raises(FrameSizeError, match=r"at most \d+ bytes"):
        decoded(data)


@pytest.mark.parametrize(
    ("depth", "colour"), [(1, 0), (2, 0), (4, 0), (8, 2), (16, 2), (8, 3), (8, 4), (16, 4), (8, 6), (3, 0)]
)
def test_only_grey_of_8_or_16_bits(depth: int, colour: int) -> None:
    """Colour, palette, alpha and fewer bits are refused by the header."""
    with pytest.raises(PixelFormatError, match=f"found colour type {colour} with {depth} bits"):
        decoded(a_png(header(depth=depth, colour=colour), chunk(b"IDAT")))


@pytest.mark.parametrize("extension", [".jpg", ".tiff", ".bmp", ".webp", ".pgm", ".jp2"])
def test_other_formats_are_refused(extension: str) -> None:
    """A picture in another format, lossy or not, is not a PNG whatever OpenCV could make of it."""
    with pytest.raises(FrameUnreadable, match="expected a PNG"):
        decoded(cv2.imencode(extension, PIXELS)[1].tobytes())


@given(length=st.integers(0, len(a_png()) - 1))
def test_a_file_that_stops_early_is_refused(length: int) -> None:
    """Cut anywhere, a PNG is refused; never a picture with a missing part."""
    with pytest.raises(FrameUnreadable):
        decoded(a_png()[:length])


@given(position=st.integers(8, len(a_png()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused(position: int, bit: int) -> None:
    """Every chunk's CRC is checked, so a PNG is damaged only visibly."""
    data = bytearray(a_png())
    data[position] ^= 1 << bit
    with pytest.raises(InvalidRequest):
        decoded(bytes(data))


def test_a_file_without_its_end() -> None:
    """A file of whole chunks is still refused without the last one, whatever the decoder would say."""
    with pytest.raises(FrameUnreadable, match="IEND as the last chunk"):
        decoded(a_png()[:-12])


def test_fewer_rows_than_declared() -> None:
    """A file whose chunks are all right but whose image data ends early is refused."""
    half = zlib.compress(ROWS[: len(ROWS) // 2])
    with pytest.raises(FrameUnreadable, match="complete image"):
        decoded(a_png(header(), chunk(b"IDAT", half)))


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        ((chunk(b"IDAT", zlib.compress(ROWS)), header()), "IHDR as the first chunk"),
        ((header(), chunk(b"PLTE", bytes(3)), chunk(b"IDAT", zlib.compress(ROWS))), "PLTE"),
        ((header(), chunk(b"acTL", bytes(8)), chunk(b"IDAT", zlib.compress(ROWS))), "animation"),
        ((header(),), "cannot be decoded"),
        ((header(), chunk(b"IDAT", zlib.compress(ROWS)), chunk(b"IEND")), "after IEND"),
    ],
    ids=["no header first", "palette", "animation", "no data", "after the end"],
)
def test_a_wrong_structure_is_refused(chunks: tuple[bytes, ...], found: str) -> None:
    """A PNG is a header, data and an end, and nothing that would have to be understood besides."""
    with pytest.raises(FrameUnreadable, match=found):
        decoded(a_png(*chunks))


def test_16_bits_keep_the_higher_8() -> None:
    """A 16 bit sample is shifted, not scaled: 0x12ff becomes 0x12."""
    deep = PIXELS.astype(np.uint16) << 8 | 0xFF
    assert np.array_equal(decoded(cv2.imencode(".png", deep)[1].tobytes()), PIXELS)


def test_the_field_is_the_callers() -> None:
    """The error's field begins with where the frame sits in the request."""
    with pytest.raises(FrameUnreadable) as caught:
        decode_grey(b"", WIDTH, HEIGHT, field="frames[2]")
    assert caught.value.field == "frames[2].data"
