"""The embossed flag: the same lettering on every strip, with the cavity's number."""

from functools import cache

import cv2
import numpy as np

from stripsight_lab.line.geometry import REGION_SIZE_PX, VIAL_WIDTH_PX
from stripsight_lab.line.glyphs import ADVANCE, STROKES, USUAL_ADVANCE
from stripsight_lab.line.raster import Byte, Float, Point, f32

_SCALE = 4


def _line(picture: Byte, points: list[tuple[float, float]], stroke_px: float) -> None:
    """Draw a line through `points`, in px of the flag, into a picture enlarged by _SCALE."""
    corners = (np.array(points, dtype=np.float64) * _SCALE).round().astype(np.int32)
    cv2.polylines(picture, [corners], False, (255,), round(stroke_px * _SCALE), cv2.LINE_AA)


def _text(picture: Byte, text: str, at: Point, height_px: float, stroke_px: float) -> None:
    """Write `text` with its middle at `at`."""
    x, y = at
    advances = [ADVANCE.get(letter, USUAL_ADVANCE) for letter in text]
    pen = x - height_px * (sum(advances) - 24) / 200
    for letter, advance in zip(text, advances, strict=True):
        for stroke in STROKES.get(letter, ()):
            points = [(pen + height_px * sx / 100, y + height_px * (sy / 100 - 0.5)) for sx, sy in stroke]
            _line(picture, points, stroke_px)
        pen += height_px * advance / 100


def _logo(picture: Byte, x: float, y: float) -> None:
    """A drop in a ring."""
    cv2.circle(picture, (round(x * _SCALE), round(y * _SCALE)), 25 * _SCALE, (255,), 3 * _SCALE, cv2.LINE_AA)
    turn = np.linspace(0, 2 * np.pi, 80)
    drop = np.stack([x + 11 * np.sin(turn) * np.sin(turn / 2) ** 1.5, y - 15 * np.cos(turn)], axis=1)
    cv2.fillPoly(picture, [(drop * _SCALE).round().astype(np.int32)], (255,), cv2.LINE_AA)


@cache
def _height(cavity: int) -> Float:
    """Height of the relief, 0..1, float32 [256, 256]; `cavity` is the number that is embossed."""
    picture = np.zeros((REGION_SIZE_PX * _SCALE, VIAL_WIDTH_PX * _SCALE), dtype=np.uint8)
    _logo(picture, 79, 62)
    _text(picture, "BFS", (154, 62), 32, 5)
    _text(picture, "10 ml", (103, 122), 22, 4)
    cv2.circle(picture, (183 * _SCALE, 122 * _SCALE), 17 * _SCALE, (255,), 2 * _SCALE, cv2.LINE_AA)
    _text(picture, str(cavity), (183, 122), 17, 3)
    for row in range(3):
        _line(picture, [(62 + 8 * row, 158 + 12 * row), (194 - 8 * row, 158 + 12 * row)], 3)
    small = cv2.resize(picture, (VIAL_WIDTH_PX, REGION_SIZE_PX), interpolation=cv2.INTER_AREA)
    return f32(cv2.GaussianBlur(f32(small) / 255, (0, 0), 1.1))


@cache
def relief(cavity: int) -> Float:
    """Grey levels that the lettering adds to a flag, float32 [256, 256], about -70 to 15.

    The sloping sides of a letter bend the light away and look dark, the ones that face up a little darker.
    """
    height = _height(cavity)
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) / 8
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) / 8
    steep = np.sqrt(slope_x**2 + slope_y**2)
    return f32(-260 * steep - 70 * slope_y - 40 * slope_x + 7 * height)
