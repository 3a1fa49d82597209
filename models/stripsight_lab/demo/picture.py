"""One rejected strip as a picture: the frame that decided, and the heatmap that the service sent. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.overlay import laid_over
from stripsight.recipe import Box, Recipe
from stripsight_lab.demo import words
from stripsight_lab.demo.results import Decider, Result

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

_PAD = 24
_HEAD = 104
_FRAME_HEIGHT = 720
_CAPTION = 36
_GROUND: Colour = (27, 24, 24)
_TEXT: Colour = (240, 240, 240)
_DIM: Colour = (170, 165, 160)
_VIAL: Colour = (180, 105, 25)
_REGION: Colour = (40, 40, 225)
_OTHER: Colour = (60, 140, 240)


@dataclass(frozen=True)
class Hot:
    """A heatmap of a reply: its place, and the PNG to lay over it."""

    vial: str
    region: str
    frame: int
    box: Box
    png: bytes


def heatmaps_of(inspection: pb.Inspection) -> list[Hot]:
    """The heatmaps of a reply."""
    found = []
    for heatmap in inspection.heatmaps:
        box = heatmap.box
        place = Box(left_px=box.left_px, top_px=box.top_px, right_px=box.right_px, bottom_px=box.bottom_px)
        found.append(Hot(heatmap.vial, heatmap.region, heatmap.frame_index, place, heatmap.png))
    return found


def draw(result: Result, decider: Decider, frames: Mapping[int, Image], hot: Iterable[Hot], recipe: Recipe) -> Image:
    """The picture, uint8 [H, W, 3] in OpenCV's order.

    `frames` are the strip's, uint8 [H, W] by index. Raises StopIteration when `hot` lacks the deciding patch,
    ValueError for a heatmap that is not a picture.
    """
    here = [each for each in hot if each.frame == decider.frame]
    chosen = next(each for each in here if (each.vial, each.region) == (decider.vial, decider.region))
    frame = frames[decider.frame]
    strip = _strip(frame, here, chosen, recipe)
    side = _FRAME_HEIGHT // 2 - _CAPTION
    seen = frame[chosen.box.slices]
    patch = np.asarray(cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR), np.uint8)
    heated = _heated(frame, chosen)
    canvas = np.full((_HEAD + _FRAME_HEIGHT + _PAD, strip.shape[1] + side + 3 * _PAD, 3), _GROUND, np.uint8)
    _paste(canvas, strip, _PAD, _HEAD)
    for row, (image, caption) in enumerate(((patch, "as the camera saw it"), (heated, "heatmap"))):
        _paste(
            canvas,
            _captioned(image, side, caption),
            strip.shape[1] + 2 * _PAD,
            _HEAD + row * (side + _CAPTION),
        )
    _heading(canvas, result, decider, recipe)
    return canvas


def _strip(frame: Image, hot: Iterable[Hot], chosen: Hot, recipe: Recipe) -> Image:
    """The frame with heatmaps in their places and the boxes drawn, scaled to its height in the picture."""
    image = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    for each in hot:
        image[each.box.slices] = _heated(frame, each)
    scale = _FRAME_HEIGHT / image.shape[0]
    size = (round(scale * image.shape[1]), _FRAME_HEIGHT)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    for each in hot:
        _outline(small, each.box, scale, _OTHER, 1)
    _outline(small, recipe.vial_boxes[chosen.vial], scale, _VIAL, 2)
    _outline(small, chosen.box, scale, _REGION, 3)
    return small


def _heated(frame: Image, hot: Hot) -> Image:
    try:
        return laid_over(frame[hot.box.slices], hot.png)
    except ValueError as error:
        raise ValueError(f"{hot.vial} {hot.region}, frame {hot.frame}: {error}") from error


def _outline(image: Image, box: Box, scale: float, colour: Colour, width: int) -> None:
    corners = [round(edge * scale) for edge in (box.left_px, box.top_px, box.right_px - 1, box.bottom_px - 1)]
    cv2.rectangle(image, (corners[0], corners[1]), (corners[2], corners[3]), colour, width, cv2.LINE_AA)


def _captioned(patch: Image, side: int, caption: str) -> Image:
    enlarged = np.asarray(cv2.resize(patch, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    image = cv2.copyMakeBorder(enlarged, 0, _CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=_GROUND)
    captioned = np.asarray(image, np.uint8)
    _write(captioned, caption, (0, side + 22), 0.55, _DIM)
    return captioned


def _heading(canvas: Image, result: Result, decider: Decider, recipe: Recipe) -> None:
    title = next(region.title for region in recipe.regions if region.name == decider.region)
    # Plain ASCII without brackets: what OpenCV's built-in font draws well in every version.
    first = f"REJECT {result.strip_id}: {decider.vial} {decider.region} {title}".rstrip()
    numbers = f"score {decider.score:.4f}, threshold {decider.threshold:.4f}, margin {words.margin(result)}"
    second = f"frame {decider.frame}, {numbers}.  Truth: {words.truth(result)}"
    _write(canvas, first, (_PAD, 46), 1.0, _TEXT, width=2)
    _write(canvas, second, (_PAD, 82), 0.65, _DIM)


def _write(image: Image, text: str, at: tuple[int, int], size: float, colour: Colour, *, width: int = 1) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, width, cv2.LINE_AA)


def _paste(canvas: Image, image: Image, x: int, y: int) -> None:
    canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
