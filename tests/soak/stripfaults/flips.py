"""Single bits flipped in frames of each format: the digest refuses each before anything is decoded."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stripfaults.history import Broken
from stripsight.bundle import Bundle
from stripsight.errors import FrameDigestError, FrameUnreadable
from stripsight.frame import FrameData, PixelFormat, crc32c, decode


def flipped(bundle: Bundle, flips: int, seed: int) -> Counter[str]:
    """Flip `flips` bits, each in a frame of its own; return how many in which format.

    A flip on the way has the digest of what was sent. In a PNG each also comes with a digest that fits, as if it had
    been flipped before: then the picture's own checks find it. Raises Broken when a frame was decoded all the same.
    """
    chance, counts = random.Random(seed), Counter[str]()
    frames = {kind: encoded(bundle, kind) for kind in bundle.recipe.frame.pixel_formats}
    for _ in range(flips):
        kind = chance.choice(list(frames))
        frame = with_flip(frames[kind], chance.randrange(8 * len(frames[kind].data)))
        refused(frame, bundle, FrameDigestError)
        if kind is PixelFormat.PNG:
            refused(replace(frame, crc32c=crc32c(frame.data)), bundle, FrameUnreadable)
        counts[str(kind)] += 1
    return counts


def encoded(bundle: Bundle, kind: PixelFormat) -> FrameData:
    """Return the first frame of the challenge set as another format would carry it."""
    frame = bundle.challenge[0].frames[0]
    if kind is PixelFormat.PNG:
        return frame
    pixels: NDArray[np.generic] = decode(frame, bundle.recipe).pixels
    deeper = {PixelFormat.MONO10: 2, PixelFormat.MONO12: 4}
    if kind in deeper:
        pixels = pixels.astype("<u2") << deeper[kind]
    data = pixels.tobytes()
    return replace(frame, data=data, pixel_format=kind, crc32c=crc32c(data))


def with_flip(frame: FrameData, bit: int) -> FrameData:
    """Return the frame with one bit of its bytes turned, and the digest that it had."""
    data = bytearray(frame.data)
    data[bit // 8] ^= 1 << bit % 8
    return replace(frame, data=bytes(data))


def refused(frame: FrameData, bundle: Bundle, why: type[Exception]) -> None:
    """Raise Broken unless decoding ends with `why`."""
    try:
        decode(frame, bundle.recipe)
    except why:
        return
    raise Broken(f"a flipped bit in {frame.pixel_format} was not refused with {why.__name__}")
