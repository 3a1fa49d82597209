"""Small tools for soft-edged drawing in float32 grey arrays."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from stripsight_lab.line.geometry import VIAL_HEIGHT_PX, VIAL_WIDTH_PX

Float = npt.NDArray[np.float32]
Point = tuple[float, float]
"""x and y in px of the vial's own picture."""
Byte = npt.NDArray[np.uint8]

EDGE_PX = 1.3
"""Width of an edge after the lens: a hard border is spread over about this many px."""


def f32(values: npt.ArrayLike) -> Float:
    """`values` as float32."""
    return np.asarray(values, dtype=np.float32)


def smoothstep(low: float, high: float, values: Float) -> Float:
    """0 below `low`, 1 above `high`, smooth between; a `low` above `high` falls instead of rising."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return f32(t * t * (3 - 2 * t))


def inside(distance: Float) -> Float:
    """Cover 0..1 of a shape, from the distance in px to its border (positive inside)."""
    return f32(np.clip(distance / EDGE_PX + 0.5, 0, 1))


def ridge(distance: Float, sigma: float) -> Float:
    """A line 0..1 with a Gaussian profile, from the distance in px to its middle."""
    return f32(np.exp(-np.square(distance / sigma)))


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell_px: tuple[float, float]) -> Float:
    """Noise of zero mean and about unit deviation that varies over `cell_px` (rows, columns)."""
    rows, columns = (max(3, round(size / cell) + 3) for size, cell in zip(shape, cell_px, strict=True))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return f32(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def wobble(rng: np.random.Generator, length: int, cell_px: float) -> Float:
    """A smooth random curve of `length` samples, zero mean, about unit deviation."""
    return smooth_noise(rng, (length, 3), (cell_px, 3.0))[:, 1].copy()


@dataclass(frozen=True)
class Window:
    """A half-open box in px of a vial's own picture (256 wide, 1024 high), clipped to it."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, at: Point, half_width: float, half_height: float) -> "Window":
        """The window that reaches at least `half_width` and `half_height` from `at`; may be empty."""
        x, y = at
        left, right = int(x - half_width) - 1, int(x + half_width) + 2
        top, bottom = int(y - half_height) - 1, int(y + half_height) + 2
        left, right = (min(max(edge, 0), VIAL_WIDTH_PX) for edge in (left, right))
        top, bottom = (min(max(edge, 0), VIAL_HEIGHT_PX) for edge in (top, bottom))
        return cls(left, top, right, bottom)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left

    def of(self, picture: Float) -> Float:
        """The view of `picture` under this window."""
        return picture[self.top : self.bottom, self.left : self.right]

    def grid(self) -> tuple[Float, Float]:
        """x as a row [1, W] and y as a column [H, 1], in px of the vial."""
        x = np.arange(self.left, self.right, dtype=np.float32)[None, :]
        y = np.arange(self.top, self.bottom, dtype=np.float32)[:, None]
        return x, y
