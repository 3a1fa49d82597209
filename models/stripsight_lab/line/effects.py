"""What a defect does to the picture of its vial, and the mask of what it changed."""

from dataclasses import dataclass

import cv2
import numpy as np

from stripsight_lab.line.raster import Byte, Float, Window, f32

SEEN_GREY = 4.0
"""A change of this many grey levels counts as seen: a few times the deviation of the sensor's noise."""


def bend(view: Float, right: Float, down: Float) -> Float:
    """`view` with its content moved `right` and `down` px; all float32 [H, W]."""
    rows, columns = view.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    border = cv2.BORDER_REPLICATE
    return f32(cv2.remap(view, f32(x - right), f32(y - down), cv2.INTER_LINEAR, borderMode=border))


@dataclass(frozen=True, eq=False)
class Effect:
    """A change inside one window of a vial's picture; the arrays are float32 of the window's shape.

    The picture is first bent, then multiplied by `gain`, then covered: grey * (1 - cover) + paint * cover.
    """

    window: Window
    bend_x: Float | None = None
    """How far the picture's content moves right, px."""
    bend_y: Float | None = None
    gain: Float | None = None
    cover: Float | None = None
    paint: Float | None = None

    def apply(self, picture: Float) -> Byte:
        """Change `picture` (float32 [1024, 256]) in place; the mask of the window, uint8 0 or 1."""
        view = self.window.of(picture)
        before = view.copy()
        after = before
        if self.bend_x is not None and self.bend_y is not None:
            after = bend(before, self.bend_x, self.bend_y)
        if self.gain is not None:
            after = after * self.gain
        if self.cover is not None and self.paint is not None:
            after = after + self.cover * (self.paint - after)
        view[:] = after
        return seen(f32(after - before))


def seen(change: Float) -> Byte:
    """Mask of the px that `change` (grey levels) alters noticeably; its peak decides if it is weak."""
    size = f32(cv2.GaussianBlur(np.abs(change), (0, 0), 0.8))
    limit = max(1.0, min(SEEN_GREY, 0.4 * float(size.max())))
    return np.asarray(size > limit, dtype=np.uint8)
