"""Places where a vial has lost its shape: the picture is bent there, and slopes and creases look darker."""

import math
from dataclasses import dataclass

import numpy as np

from stripsight_lab.line.blemishes import fade
from stripsight_lab.line.effects import Effect, bend
from stripsight_lab.line.geometry import VIAL_WIDTH_PX
from stripsight_lab.line.raster import Float, Point, Window, f32, ridge, smoothstep

_LEAST = 0.02


@dataclass(frozen=True)
class Push:
    """A bulge or dent at severity 1."""

    wide: float
    """Half width in px; the change ends at 2.4 times of it."""
    tall: float
    push_x: float
    """How far the picture moves right at the middle, px."""
    push_y: float
    shade: float
    """Light lost on the slope that faces away, 0..1; the other slope gains a third of it."""
    crease: float
    """Light lost along the creases, 0..1."""
    creases: int


def _polar(window: Window, at: Point, wide: float, tall: float) -> tuple[Float, Float]:
    """Offsets from `at` in half sizes, each float32 of the window's shape."""
    x, y = window.grid()
    u, v = np.broadcast_arrays((x - at[0]) / wide, (y - at[1]) / tall)
    return f32(u), f32(v)


def _creases(rng: np.random.Generator, u: Float, v: Float, count: int, width: float) -> Float:
    """`count` bowed folds, 1 in their dark middle and below 0 on their bright side; `width` in half sizes."""
    folds = np.zeros_like(u)
    for _ in range(count):
        turn, bow, off = rng.uniform(0, 2 * math.pi), rng.uniform(0.15, 0.5), rng.uniform(0.25, 0.8)
        across = u * math.cos(turn) + v * math.sin(turn)
        along = v * math.cos(turn) - u * math.sin(turn)
        from_fold = f32(across - off + bow * along**2)
        strength = rng.uniform(0.6, 1.0) * ridge(f32(along - rng.normal(0, 0.2)), rng.uniform(0.5, 0.9))
        folds = np.maximum(folds, strength * ridge(from_fold, width)) - 0.25 * strength * ridge(
            from_fold + 2 * width, width
        )
    return f32(folds)


def push(rng: np.random.Generator, vial: Float, at: Point, severity: float, form: Push) -> Effect:
    """A bulge or dent at `at` of the vial whose cover is `vial`, float32 [1024, 256]."""
    size, force = 0.5 + 0.5 * severity, fade(severity, _LEAST)
    wide, tall = form.wide * size, form.tall * size
    window = Window.around(at, wide * 2.5, tall * 2.5)
    u, v = _polar(window, at, wide, tall)
    x = window.grid()[0]
    from_edge = f32(np.minimum(x, VIAL_WIDTH_PX - 1 - x))
    end = smoothstep(2.4, 1.6, f32(np.hypot(u, v))) * smoothstep(0, 26, from_edge)
    hill = np.exp(-(u**2) - v**2) * end
    right, down = f32(form.push_x * force * hill), f32(form.push_y * force * hill)
    facing = rng.uniform(0, 2 * math.pi)
    slope = 2.3 * hill * (u * math.cos(facing) + v * math.sin(facing))
    shade = form.shade * np.maximum(slope, slope / 3)
    lost = force * (shade + form.crease * end * _creases(rng, u, v, form.creases, max(0.09, 1.6 / wide)))
    # Only plastic can be shaded, where the bend has put it.
    gain = 1 - np.clip(lost, -0.08, 0.85) * bend(window.of(vial), right, down)
    return Effect(window, right, down, f32(gain))


def lower_body(rng: np.random.Generator, vial: Float, at: Point, severity: float) -> Effect:
    """The lower wall dented inwards, with creases."""
    inward = -math.copysign(1, at[0] - 128)
    return push(rng, vial, at, severity, Push(46, 58, 27 * inward, -8, 0.24, 0.45, 3))


def neck_bump(rng: np.random.Generator, vial: Float, at: Point, severity: float) -> Effect:
    """A bump that sticks out of the lower neck's wall."""
    outward = math.copysign(1, at[0] - 128)
    return push(rng, vial, at, severity, Push(15, 19, 11 * outward, -2, 0.30, 0.40, 2))


def heavy(rng: np.random.Generator, vial: Float, at: Point, severity: float) -> Effect:
    """The shoulder crumpled: the picture is dragged far, with deep creases, over whatever lies below."""
    sideways, down = rng.choice((-1, 1)) * rng.uniform(12, 18), rng.uniform(8, 16)
    return push(rng, vial, at, severity, Push(44, 38, sideways, down, 0.34, 0.62, 6))


def cap_bump(rng: np.random.Generator, vial: Float, at: Point, severity: float) -> Effect:
    """A light bump in the flag's lower part, mostly seen by its shading."""
    return push(rng, vial, at, severity, Push(18, 14, rng.normal(0, 2), 5, 0.30, 0.26, 2))
