"""Bubbles and drops: good products have them, and they move."""

import math
from dataclasses import dataclass, replace

import numpy as np

from stripsight_lab.line.instant import Instant
from stripsight_lab.line.liquid import Surface
from stripsight_lab.line.mould import BREAK_PX, SHOULDER_TOP_PX, Mould
from stripsight_lab.line.raster import Float, Window, f32, inside, ridge, smoothstep
from stripsight_lab.line.seeds import stream

MOST_BUBBLES = 12


@dataclass(frozen=True)
class Ball:
    """A round thing as the camera sees it; lengths in px of the vial."""

    x: float
    y: float
    radius: float
    tall: float = 1.0
    """Height over width."""
    centre: float = 229.0
    """Grey level of its bright middle."""
    rim: float = 62.0
    """Grey level of its dark rim."""
    broad: float = 0.45
    """Where the dark rim begins, as a part of the radius: smaller in liquid than in air."""


def look(ball: Ball, window: Window) -> tuple[Float, Float]:
    """Cover 0..1 and grey levels of `ball` in `window`."""
    x, y = window.grid()
    rho = np.hypot(x - ball.x, (y - ball.y) / ball.tall) / ball.radius
    dark = smoothstep(ball.broad, 0.90, rho) * (1 - 0.25 * smoothstep(0.92, 1.05, rho))
    return inside(f32((1 - rho) * ball.radius)), f32(ball.centre + (ball.rim - ball.centre) * dark)


def paint(picture: Float, ball: Ball) -> None:
    """Draw `ball` over a vial's picture; what lies outside the picture is not drawn."""
    window = Window.around((ball.x, ball.y), ball.radius + 2, ball.radius * ball.tall + 2)
    if 0 in window.shape:
        return
    cover, grey = look(ball, window)
    view = window.of(picture)
    view += cover * (grey - view)


@dataclass(frozen=True)
class _Bubble:
    x: float
    radius: float
    below: float
    """Depth of its centre under the surface in px."""
    mobile: float
    """How far it travels over half the movement, px; 0 if it sticks to the wall."""
    rise: float
    """Speed upwards, px a frame."""


def _population(shape: Mould, now: Instant) -> list[_Bubble]:
    """The bubbles of one vial in one run, 0 to MOST_BUBBLES."""
    froth = stream("froth", *now.mine).gamma(2.0, 2.8)
    rng = stream("bubbles", *now.own_run)
    reach = float(shape.half_width[600]) - shape.wall
    nest, drift = rng.uniform(-0.8, 0.8), rng.uniform(8, 26)
    found: list[_Bubble] = []
    for _ in range(min(rng.poisson(froth), MOST_BUBBLES - 3)):
        radius = float(np.clip(rng.lognormal(1.5, 0.5), 2.0, 15))
        if rng.random() < 0.03:
            radius = rng.uniform(15, 22)
        x = float(np.clip(rng.normal(nest, 0.45), -1, 1)) * (reach - radius)
        below = radius * rng.uniform(0.75, 1.05) + (rng.random() < 0.25) * rng.uniform(2, 14)
        if all(math.hypot(x - o.x, below - o.below) > 0.7 * (radius + o.radius) for o in found):
            found.append(_Bubble(x, radius, below, drift, 0))
    for _ in range(rng.poisson(0.9)):
        radius = float(np.clip(rng.lognormal(1.2, 0.4), 2.0, 8))
        side = rng.choice((-1, 1)) * (reach - radius - rng.exponential(9))
        found.append(_Bubble(float(side), radius, rng.uniform(25, 330), 0, 0))
    for _ in range(rng.poisson(0.5)):
        radius = float(np.clip(rng.lognormal(1.0, 0.35), 2.0, 6))
        x = rng.uniform(-0.7, 0.7) * reach
        found.append(_Bubble(x, radius, rng.uniform(60, 300), rng.uniform(4, 12), rng.uniform(0.5, 5)))
    return found[:MOST_BUBBLES]


def _bubble_ball(bubble: _Bubble, shape: Mould, top: Surface, frame: int) -> Ball:
    reach = float(shape.half_width[600]) - shape.wall - bubble.radius - 1
    # Buoyancy takes a bubble to the higher end of the tilted surface.
    offset = min(max(bubble.x - bubble.mobile * top.slope / 0.09, -reach), reach)
    x = float(shape.middle[600]) + offset
    if bubble.mobile == 0:
        return Ball(x, shape.level + bubble.below, bubble.radius)
    ceiling = float(top.y(f32([x]), shape)[0])
    below = max(bubble.below - bubble.rise * frame, bubble.radius * 0.9)
    return Ball(x, ceiling + below, bubble.radius)


def bubbles(shape: Mould, top: Surface, now: Instant) -> list[Ball]:
    """The bubbles of one vial in one frame."""
    return [_bubble_ball(one, shape, top, now.frame) for one in _population(shape, now)]


def _drop(x: float, y: float, radius: float, tall: float) -> Ball:
    return Ball(x, y, radius, tall, centre=226.0, rim=112.0, broad=0.62)


def _slide(rng: np.random.Generator, now: Instant) -> tuple[float, float]:
    """How far a drop has moved by now, px right and down."""
    sideways, down = rng.normal(0, 2.2), rng.exponential(0.35)
    return sideways * (1 - now.swing), down * now.frame


def drops(shape: Mould, now: Instant) -> list[Ball]:
    """Drops in the neck and on the dry wall above the liquid in one frame; many vials have none."""
    rng = stream("drops", *now.own_run)
    found: list[Ball] = []
    for _ in range(rng.choice(4, p=(0.5, 0.25, 0.15, 0.10))):
        radius = rng.uniform(3, 8.5)
        right, down = _slide(rng, now)
        reach = shape.neck_half - 10 - radius * 0.8
        x = float(np.clip(rng.uniform(-1, 1) * reach + 0.5 * right, -reach, reach))
        y = rng.uniform(BREAK_PX + 26, SHOULDER_TOP_PX + 6) + down
        found.append(_drop(float(shape.middle[int(y)]) + x, y, radius, rng.uniform(1.0, 1.5)))
    for _ in range(rng.poisson(1.1)):
        radius = float(np.clip(rng.lognormal(1.4, 0.4), 2, 10))
        right, down = _slide(rng, now)
        y = rng.uniform(SHOULDER_TOP_PX + 75, shape.level - 45) + down
        reach = float(shape.half_width[int(y)]) - shape.wall - radius - 2
        x = float(np.clip(rng.uniform(-1, 1) * reach + right, -reach, reach))
        found.append(_drop(float(shape.middle[int(y)]) + x, y, radius, rng.uniform(0.9, 1.35)))
    return found


def home(shape: Mould, now: Instant) -> Ball:
    """Where the big bubble near the neck sits, should this vial have one; the same in each run."""
    rng = stream("resident", *now.mine)
    y, side, radius = rng.uniform(344, 378), rng.uniform(-1, 1), rng.uniform(11, 17)
    room = max(float(shape.half_width[int(y)]) - 19 - radius, 0)
    return Ball(float(shape.middle[int(y)]) + side * room, y, radius, 1.05, centre=232.0, rim=84.0, broad=0.6)


def resident(shape: Mould, now: Instant, surely: bool) -> list[Ball]:
    """The big harmless bubble that some vials hold near the neck, or nothing; `surely` puts one there."""
    if not surely and stream("has-resident", *now.mine).random() > 0.18:
        return []
    ball = home(shape, now)
    right, down = stream("resident-run", *now.own_run).normal(0, 0.8, 2)
    return [replace(ball, x=ball.x + float(right), y=ball.y + float(down))]


def slug(picture: Float, shape: Mould, now: Instant) -> None:
    """Draw the liquid that is sometimes caught in the neck, between two curved surfaces."""
    rng = stream("slug", *now.own_run)
    if rng.random() > 0.16:
        return
    upper = rng.uniform(250, 278) + rng.normal(0, 1.2) * now.swing
    lower = upper + rng.uniform(18, 42) + rng.normal(0, 1.2) * now.swing
    window = Window.around((128, (upper + lower) / 2), 40, (lower - upper) / 2 + 14)
    x, y = window.grid()
    u = (x - shape.middle[280]) / (shape.neck_half - 9.5)
    curve = 6 * u**2
    within = smoothstep(1.0, 0.93, np.abs(u))
    top, end = y - upper + curve - 3, y - lower - curve + 3
    view = window.of(picture)
    body = smoothstep(-1, 1, top) * smoothstep(1, -1, end) * within
    view -= body * (20 + 18 * f32(u**2)) + within * 95 * (ridge(top, 1.6) + ridge(end, 1.6))
