"""Patches as pictures inside the page: data URIs, so that the report needs nothing beside itself."""

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.heatmap import Heat
from stripsight.overlay import laid_over, to_png

Image = NDArray[np.uint8]

SIDE_PX = 256
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 88]
_OUTLINE = (219, 180, 0)  # blue, green, red: a cyan that no picture of grey has, told from the heat by every eye
_GAP_PX = 4


@dataclass(frozen=True)
class Pictures:
    """One patch as three data URIs: what the camera saw, how the generator redraws it, where they differ."""

    seen: str
    redrawn: str
    heat: str


def pictures(patch: Image, reconstruction: Image, heat: Heat, mask: Image | None) -> Pictures:
    """Picture one patch; `heat` may be coarser than the others, [P, P]. A line runs around what `mask` has above 0."""
    seen = cv2.cvtColor(_scaled(patch), cv2.COLOR_GRAY2BGR)
    if mask is not None:
        cv2.drawContours(seen, _outlines(mask), -1, _OUTLINE, 2, cv2.LINE_AA)
    hot = _scaled(laid_over(patch, to_png(heat)))
    return Pictures(*map(_data_uri, (np.asarray(seen, np.uint8), _scaled(reconstruction), hot)))


def _scaled(image: NDArray[np.generic]) -> Image:
    shrinks = image.shape[0] > SIDE_PX
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(image.astype(np.uint8), (SIDE_PX, SIDE_PX), interpolation=interpolation), np.uint8)


def _outlines(mask: Image) -> list[NDArray[np.int32]]:
    """Lines around the marked places, some px outside, so that a defect of a few px stays visible."""
    around = np.ones((2 * _GAP_PX + 1, 2 * _GAP_PX + 1), np.uint8)
    grown = cv2.dilate(_scaled((mask > 0).astype(np.uint8)), around)
    lines, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(line, np.int32) for line in lines]


def _data_uri(image: Image) -> str:
    written, data = cv2.imencode(".jpg", image, _QUALITY)
    if not written:
        raise ValueError(f"picture: expected something that JPEG holds, found {image.dtype} {list(image.shape)}")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
