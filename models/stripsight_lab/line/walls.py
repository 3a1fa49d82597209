"""The dry layers of one vial: how it looks empty, and how it looks full of liquid."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from stripsight_lab.line.flag import relief
from stripsight_lab.line.geometry import REGION_SIZE_PX, VIAL_HEIGHT_PX, VIAL_WIDTH_PX
from stripsight_lab.line.mould import BREAK_PX, FLAG_TOP_PX, SHOULDER_TOP_PX, Mould
from stripsight_lab.line.raster import Float, f32, inside, ridge, smooth_noise, smoothstep, wobble
from stripsight_lab.line.seeds import stream

_FLAG_CORNER_PX = 13.0
_FLAG_ROWS = 190
_WET_TOP = 480


@dataclass(frozen=True, eq=False)
class Layers:
    """One vial without its moving parts. Arrays are float32 [1024, 256]."""

    cover: Float
    """0 outside the vial to 1 inside."""
    empty: Float
    """Grey levels with air inside."""
    full: Float
    """Grey levels with liquid inside; meaningful from row 480 on."""
    hollow: Float
    """0 in the wall or outside, 1 where air or liquid is."""
    depth: Float
    """Distance in px to the outline, positive inside."""


@cache
def _grid() -> tuple[Float, Float]:
    y, x = np.mgrid[0:VIAL_HEIGHT_PX, 0:VIAL_WIDTH_PX].astype(np.float32)
    return x, y


def _rounded(qx: Float, qy: Float, radius: float) -> Float:
    """Distance into a box with rounded corners; qx and qy are measured from the middle of its corner."""
    outer = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    return f32(radius - outer - np.minimum(np.maximum(qx, qy), 0))


def _depth(shape: Mould, edge: Float) -> Float:
    """Distance to the outline, float32 [1024, 256]; `edge` is the roughness of the cut by row."""
    x, y = _grid()
    across = np.abs(x - shape.middle[:, None])
    slope = np.gradient(shape.half_width)[:, None]
    depth = (shape.half_width[:, None] - across) / np.sqrt(1 + slope**2)
    low = slice(600, VIAL_HEIGHT_PX)
    corner = shape.corner
    depth[low] = _rounded(across[low] - shape.half_width[low, None] + corner, y[low] - shape.bottom + corner, corner)
    top = slice(0, _FLAG_ROWS)
    rough_half = shape.flag_half + 0.09 * edge[top, None]
    up = FLAG_TOP_PX + _FLAG_CORNER_PX - y[top]
    depth[top] = _rounded(across[top] - rough_half + _FLAG_CORNER_PX, up, _FLAG_CORNER_PX)
    return f32(depth)


def _wall(shape: Mould) -> Float:
    """Thickness of the wall in px by row and side, float32 [1024, 256]; thinner in the neck."""
    x, y = _grid()
    body = smoothstep(SHOULDER_TOP_PX - 10, SHOULDER_TOP_PX + 120, y[:, :1])
    bottom = smoothstep(shape.bottom - 110, shape.bottom - 20, y[:, :1])
    skew = shape.wall_skew * np.clip((x[:1] - shape.middle.mean()) / 60, -1, 1)
    return f32(9.5 + body * (shape.wall - 9.5 + skew) + 4 * bottom)


def _hollow(depth: Float, wall: Float, y: Float) -> Float:
    """Distance into the hollow of the vial, which starts just below the break line."""
    return f32(np.minimum(depth - wall, y - BREAK_PX - 13))


def _empty(shape: Mould, depth: Float, wall: Float, hollow: Float) -> Float:
    _, y = _grid()
    u = np.clip(1 - depth / shape.half_width[:, None], 0, 1)
    grey = 224 - 9 * u**2 - 10 * u**6
    band = 174 + 1.9 * np.minimum(depth, wall) - 5 * smoothstep(330, 230, y)
    grey = grey + inside(-hollow - 0.5) * (band - grey)
    grey -= 58 * ridge(hollow, 1.6) + 13 * ridge(hollow - wall - 3, 3.0)
    grey += 9 * ridge(hollow - 5, 2.2)
    grey -= 128 * ridge(depth - 1.7, 1.8)
    return f32(grey)


def _full(shape: Mould, depth: Float, wall: Float, hollow: Float) -> Float:
    x, _ = _grid()
    u = np.clip(1 - depth / shape.half_width[:, None], 0, 1)
    across = (x - shape.middle[:, None]) / shape.half_width[:, None]
    grey = 201 - 44 * u**3
    grey += 6 * ridge(across + 0.42, 0.07) + 4 * ridge(across - 0.5, 0.05)
    band = 146 + 1.6 * np.minimum(depth, wall)
    grey = grey + inside(-hollow - 0.5) * (band - grey)
    grey -= 40 * ridge(hollow, 1.7) + 9 * ridge(hollow - 11, 3.5)
    grey += 5 * ridge(hollow - 5, 2.0)
    grey -= 112 * ridge(depth - 1.9, 2.1)
    return f32(grey)


def _pip(shape: Mould) -> Float:
    """The pinched seam under the vial: grey levels to add, float32 [1024, 256]."""
    x, y = _grid()
    rows = slice(int(shape.bottom) - 70, VIAL_HEIGHT_PX)
    out = np.zeros((VIAL_HEIGHT_PX, VIAL_WIDTH_PX), dtype=np.float32)
    rho = np.hypot((x[rows] - shape.middle[rows, None]) / 30, (y[rows] - shape.bottom + 7) / 15)
    out[rows] = -26 * ridge((rho - 1) * 16, 2.4) - 7 * smoothstep(1.0, 0.8, rho)
    return out


def _flag(shape: Mould, cavity: int, depth: Float) -> Float:
    """Grey levels of the flag and its collar, float32 [256, 256]."""
    d = depth[:REGION_SIZE_PX]
    from_break = _grid()[1][:REGION_SIZE_PX] - BREAK_PX
    grey = 209 + shape.emboss * relief(cavity)
    grey -= 22 * ridge(d - 8, 1.8) - 6 * ridge(d - 12, 2.0)
    grey -= 122 * ridge(d - 1.2, 1.7)
    grey -= 34 * ridge(from_break, 2.0) - 10 * ridge(from_break - 5, 2.5)
    return f32(grey)


def layers(shape: Mould, strip_seed: int, vial: int) -> Layers:
    """The dry layers of `vial`; about 20 ms, to be kept for all acquisitions of a strip."""
    rng = stream("walls", strip_seed, vial)
    _, y = _grid()
    depth = _depth(shape, wobble(rng, VIAL_HEIGHT_PX, 4))
    wall = _wall(shape)
    hollow = _hollow(depth, wall, y)
    empty, full = _empty(shape, depth, wall, hollow), _full(shape, depth, wall, hollow)
    head = slice(0, REGION_SIZE_PX)
    solid = smoothstep(BREAK_PX + 8, BREAK_PX - 2, y[head])
    empty[head] += solid * (_flag(shape, vial + 1, depth) - empty[head])
    pip = _pip(shape)
    size = (VIAL_HEIGHT_PX, VIAL_WIDTH_PX)
    cloud = 1.3 * smooth_noise(rng, size, (70, 40)) + 0.8 * smooth_noise(rng, size, (900, 7))
    empty += pip + cloud
    full += pip + 0.8 * cloud
    full[:_WET_TOP] = empty[:_WET_TOP]
    return Layers(inside(depth), empty, full, inside(hollow), depth)
