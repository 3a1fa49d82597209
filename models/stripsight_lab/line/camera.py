"""The camera: pose, illumination and sensor noise."""

from dataclasses import dataclass

import cv2
import numpy as np

from stripsight_lab.line.geometry import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from stripsight_lab.line.raster import Byte, Float, f32
from stripsight_lab.line.seeds import stream

NOISE_SIGMA = 1.0
_SIZE = (FRAME_WIDTH_PX, FRAME_HEIGHT_PX)


@dataclass(frozen=True)
class Shot:
    """How one frame is taken."""

    matrix: Float
    """Affine map from the strip's px to the frame's px, float32 [2, 3]: within 2 px and 0.2 degrees."""
    rows: Float
    """Light along y, float32 [1080, 1], near 1."""
    columns: Float
    """Light along x, float32 [1, 1920], near 1."""
    noise_seed: int


def _pose(x_px: float, y_px: float, degrees: float) -> Float:
    middle = (FRAME_WIDTH_PX / 2, FRAME_HEIGHT_PX / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    return f32(matrix + np.array([[0, 0, x_px], [0, 0, y_px]]))


def _slope(rng: np.random.Generator, length: int) -> Float:
    """Slowly varying light: at most about 1.5 % from end to end."""
    t = np.linspace(-1, 1, length, dtype=np.float32)
    tilt, bow = np.clip(rng.normal(0, 0.35, 2), -1, 1)
    return f32(1 + 0.006 * tilt * t - 0.004 * (1 + bow) * t**2)


def shoot(strip_seed: int, run: int, frame: int) -> Shot:
    """How `frame` of `run` is taken: the run sets pose and light, and each frame changes them a little."""
    whole, own = stream("shot-run", strip_seed, run), stream("shot", strip_seed, run, frame)
    x_px, y_px = whole.uniform(-1.6, 1.6, 2) + own.uniform(-0.4, 0.4, 2)
    degrees = whole.uniform(-0.16, 0.16) + own.uniform(-0.04, 0.04)
    gain = whole.uniform(0.973, 1.027) + own.uniform(-0.003, 0.003)
    rows = _slope(whole, FRAME_HEIGHT_PX)[:, None] * gain
    columns = _slope(whole, FRAME_WIDTH_PX)[None, :]
    return Shot(_pose(x_px, y_px, degrees), f32(rows), columns, int(own.integers(1 << 62)))


def expose(scene: Float, shot: Shot) -> Byte:
    """The frame that the sensor gives: uint8 [1080, 1920] from grey levels float32 [1080, 1920]."""
    seen = f32(cv2.warpAffine(scene, shot.matrix, _SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    seen *= shot.rows
    seen *= shot.columns
    noise = np.random.default_rng(shot.noise_seed).standard_normal(seen.shape, dtype=np.float32)
    cv2.scaleAdd(noise, NOISE_SIGMA, seen, seen)
    return np.asarray(cv2.convertScaleAbs(seen), dtype=np.uint8)


def expose_mask(mask: Byte, shot: Shot) -> Byte:
    """The truth mask, uint8 0 or 1, as the same pose shows it."""
    return np.asarray(cv2.warpAffine(mask, shot.matrix, _SIZE, flags=cv2.INTER_NEAREST), dtype=np.uint8)
