"""A frame as a grey PNG file that gives back the bytes that were sent, to the last one.

A frame that came as PNG is kept as it came. Samples of 10 and 12 bits are moved up to 16, so that the picture looks as
it should, and the chunk sBIT tells how many count. The file is made in pieces of a few milliseconds, so that whoever
makes it can step aside in between.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight import png
from stripsight.errors import InvalidRequest
from stripsight.frame import BITS, FrameData, PixelFormat, crc32c

_PIECE = 1 << 17  # bytes of samples
_FORMATS = {bits: pixel_format for pixel_format, bits in BITS.items()}
_AFTER_IHDR = len(png.SIGNATURE) + 25


def encoded(frame: FrameData) -> Iterator[bytes]:
    """Yield the PNG file of a frame that decodes, piece by piece."""
    if frame.pixel_format is PixelFormat.PNG:
        yield frame.data
        return
    bits = BITS[frame.pixel_format]
    depth = 8 if bits == 8 else 16
    header = struct.pack(">IIBBBBB", frame.width_px, frame.height_px, depth, 0, 0, 0, 0)
    yield png.SIGNATURE + _chunk(b"IHDR", header) + (_chunk(b"sBIT", bytes([bits])) if depth == 16 else b"")
    # Rows are like their neighbours and noise does not repeat: differences in Huffman codes, no search for repeats.
    deflate = zlib.compressobj(level=1, strategy=zlib.Z_HUFFMAN_ONLY)
    for rows in _filtered(frame, bits):
        yield _chunk(b"IDAT", deflate.compress(rows) + deflate.flush(zlib.Z_SYNC_FLUSH))
    yield _chunk(b"IDAT", deflate.flush()) + _chunk(b"IEND")


def decoded(index: int, digest: str, data: bytes) -> FrameData | None:
    """Return the frame as it was sent; None for a file that is not the picture of a frame with this digest.

    `digest` is the sha256 (hex) of the bytes as sent. The capture time is not kept.
    """
    try:
        header = png.read_header(data)
        pixel_format, sent = _sent(data, digest, header)
    except InvalidRequest:
        return None
    if hashlib.sha256(sent).hexdigest() != digest:
        return None
    return FrameData(index, sent, pixel_format, header.width_px, header.height_px, crc32c(sent))


def _sent(data: bytes, digest: str, header: png.Header) -> tuple[PixelFormat, bytes]:
    if hashlib.sha256(data).hexdigest() == digest:
        return PixelFormat.PNG, data
    samples = png.decode_samples(data, header.width_px, header.height_px)
    if samples.dtype == np.uint8:
        return PixelFormat.MONO8, samples.tobytes()
    bits = _significant(data)
    return _FORMATS.get(bits, PixelFormat.MONO12), (samples >> (16 - bits)).astype("<u2").tobytes()


def _significant(data: bytes) -> int:
    """Return how many bits of a sample count, where `encoded` says so."""
    told = data[_AFTER_IHDR + 4 : _AFTER_IHDR + 8] == b"sBIT"
    return min(16, data[_AFTER_IHDR + 8]) if told else 16


def _filtered(frame: FrameData, bits: int) -> Iterator[bytes]:
    """Yield rows, each after the number of its filter: the difference from the row above, byte by byte."""
    size = 1 if bits == 8 else 2
    stride = frame.width_px * size
    sent: NDArray[Any] = np.frombuffer(frame.data, np.uint8 if bits == 8 else "<u2").reshape(frame.height_px, -1)
    above = np.zeros(stride, np.uint8)
    count = max(1, _PIECE // stride)
    for top in range(0, frame.height_px, count):
        part = sent[top : top + count]
        rows = part if bits == 8 else (part << (16 - bits)).astype(">u2").view(np.uint8)
        filtered = np.full((len(rows), 1 + stride), 2, np.uint8)
        filtered[:, 1:] = rows - np.vstack((above[None], rows[:-1]))
        above = rows[-1]
        yield filtered.tobytes()


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
