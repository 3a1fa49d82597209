"""The pictures of one strip, drawn. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.frame import Frame
from stripsight.strip import Heatmap


@dataclass(frozen=True)
class FramePicture:
    """A frame as a grey PNG of 8 bits, one pixel of which stands for `scale` x `scale` of the frame."""

    frame_index: int
    png: bytes
    scale: int
    digest: str


@dataclass(frozen=True)
class Pictures:
    """The pictures of the inspection with a record's number; `missing` says what is not there, and why."""

    record_seq: int
    frames: Sequence[FramePicture] = ()
    heatmaps: Sequence[Heatmap] = ()
    missing: str = ""


def frame_picture(frame: Frame, width_max_px: int) -> FramePicture:
    """Draw a frame at most `width_max_px` wide (0: as wide as it is), made smaller by a whole factor.

    What is left over at the right and at the bottom, less than one pixel of the picture, is cut off.
    """
    width = frame.pixels.shape[1]
    scale = -(-width // width_max_px) if width_max_px else 1
    _, encoded = cv2.imencode(".png", _smaller(frame.pixels, scale))
    return FramePicture(frame.index, encoded.tobytes(), scale, frame.digest)


def pixels_of(png: bytes) -> NDArray[np.uint8] | None:
    """Return the pixels of a kept frame, uint8 [H, W], the highest 8 bits of deeper ones; None for no grey picture."""
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) if png else None
    if found is None or found.ndim != 2:
        return None
    return (found.astype(np.uint16) >> (8 if found.dtype == np.uint16 else 0)).astype(np.uint8)


def _smaller(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    if scale == 1:
        return pixels
    height, width = (side // scale for side in pixels.shape)
    whole = pixels[: height * scale, : width * scale]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
