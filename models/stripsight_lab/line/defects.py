"""The defects that the paper shows (its figures 11 to 29), and a particle that drifts with the liquid."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stripsight_lab.line import blemishes, bulges
from stripsight_lab.line.bubbles import home
from stripsight_lab.line.effects import Effect
from stripsight_lab.line.geometry import INSPECTED_FRAMES, VIALS
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.mould import BREAK_PX, FLAG_BOTTOM_PX, SHOULDER_TOP_PX, Mould
from stripsight_lab.line.raster import Float
from stripsight_lab.line.seeds import stream


class DefectKind(StrEnum):
    """Every kind of defect that the simulated line can make."""

    STUCK_PARTICLE_FOAM = "stuck particle with foam"
    LOWER_BODY_DEFORMATION = "lower-body deformation"
    LIGHT_SCRATCH_NEAR_NECK = "light scratch near the neck"
    LASER_CUT_IMPERFECTION = "laser-cut imperfection"
    BURN_ON_BODY = "burn on the body"
    BLACK_SPOT = "black spot"
    BUMP_BESIDE_BUBBLE = "bump near the neck beside a large bubble"
    HEAVY_DEFORMATION_OVER_BUBBLE = "heavy deformation near the neck over a bubble"
    SCRATCH_ON_NECK = "scratch on the neck"
    LIGHT_BUMP_UNDER_CAP = "light bump under the cap"
    DRIFTING_PARTICLE = "drifting particle"


@dataclass(frozen=True)
class Defect:
    """One defect of one vial: `seed` gives its place and form, `severity` its size and contrast."""

    kind: DefectKind
    vial: int
    """0 to 4."""
    severity: float
    """Above 0 to 1: 1 is plain at a glance, 0.1 barely visible."""
    seed: int

    def __post_init__(self) -> None:
        """ValueError for a vial or severity out of range."""
        if not 0 <= self.vial < VIALS:
            raise ValueError(f"vial {self.vial} is not one of 0 to {VIALS - 1}")
        if not 0 < self.severity <= 1:
            raise ValueError(f"severity {self.severity} is not above 0 and at most 1")

    @property
    def beside_bubble(self) -> bool:
        """Whether the vial also holds the big harmless bubble near the neck in every run."""
        return self.kind in (DefectKind.BUMP_BESIDE_BUBBLE, DefectKind.HEAVY_DEFORMATION_OVER_BUBBLE)


@dataclass(frozen=True, eq=False)
class Moment:
    """The vial that a defect is put into, in one frame."""

    shape: Mould
    cover: Float
    """0 outside the vial to 1 inside, float32 [1024, 256]."""
    hollow: Float
    """1 where the vial holds air or liquid, float32 [1024, 256]."""
    now: Instant

    def wall_x(self, y: float, side: float, inset: float) -> float:
        """x at height `y`: `side` is -1 to 1 from left to right, `inset` px inside the outline."""
        row = int(y)
        return float(self.shape.middle[row]) + side * (float(self.shape.half_width[row]) - inset)

    def inner_x(self, rng: np.random.Generator, y: float, inset: float) -> float:
        """A random x at height `y`, at least `inset` px inside the outline."""
        return self.wall_x(y, rng.uniform(-1, 1), inset)


Painter = Callable[[Defect, np.random.Generator, Moment], Effect]


def _side(rng: np.random.Generator) -> float:
    return float(rng.choice((-1, 1)))


def _foam(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = at.shape.level + rng.uniform(0, 6)
    return blemishes.foam(rng, at.hollow, (at.inner_x(rng, y, 45), y), defect.severity)


def _lower_body(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(845, 925)
    return bulges.lower_body(rng, at.cover, (at.wall_x(y, _side(rng), 4), y), defect.severity)


def _light_scratch(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(SHOULDER_TOP_PX + 25, SHOULDER_TOP_PX + 120)
    return blemishes.scratch(rng, (at.inner_x(rng, y, 24), y), defect.severity, 0.34, 85)


def _laser(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(45, FLAG_BOTTOM_PX - 12)
    return blemishes.burr(rng, at.cover, (128 + _side(rng) * at.shape.flag_half, y), defect.severity)


def _burn(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(SHOULDER_TOP_PX + 120, at.shape.bottom - 60)
    return blemishes.burn(rng, (at.inner_x(rng, y, 40), y), defect.severity)


def _spot(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(SHOULDER_TOP_PX + 70, at.shape.bottom - 40)
    return blemishes.spot(rng, (at.inner_x(rng, y, 26), y), defect.severity)


def _bump(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    ball = home(at.shape, at.now)
    side, y = math.copysign(1, ball.x - 128), max(ball.y + rng.uniform(-26, -6), SHOULDER_TOP_PX - 4)
    return bulges.neck_bump(rng, at.cover, (at.wall_x(y, side, 3), y), defect.severity)


def _heavy(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    ball = home(at.shape, at.now)
    x, y = ball.x + rng.uniform(-10, 10), ball.y + rng.uniform(-8, 14)
    return bulges.heavy(rng, at.cover, (x, y), defect.severity)


def _neck_scratch(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(BREAK_PX + 48, SHOULDER_TOP_PX)
    return blemishes.scratch(rng, (at.inner_x(rng, y, 10), y), defect.severity, 0.68, 70)


def _cap(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    y = rng.uniform(FLAG_BOTTOM_PX - 8, BREAK_PX - 16)
    return bulges.cap_bump(rng, at.cover, (at.inner_x(rng, y, 22), y), defect.severity)


def _drift(defect: Defect, rng: np.random.Generator, at: Moment) -> Effect:
    """The particle follows the liquid; behind the wall's edge or in a turn it may not be seen."""
    run = stream("drift", defect.seed, at.now.run)
    reach = run.uniform(30, 55) * run.choice((-1, 1))
    x0, y0 = run.uniform(-25, 25), run.uniform(at.shape.level + 95, at.shape.bottom - 150)
    certain = int(run.choice(INSPECTED_FRAMES))
    by_chance = stream("drift-seen", defect.seed, at.now.run, at.now.frame).random() < 0.75
    shown = float(by_chance or at.now.frame == certain)
    x = 128 + x0 + reach * at.now.swing
    y = y0 + run.uniform(-2.5, 4) * at.now.frame + 14 * math.sin(at.now.turn)
    return blemishes.particle(rng, (x, y), defect.severity, shown)


_PAINTERS: dict[DefectKind, Painter] = {
    DefectKind.STUCK_PARTICLE_FOAM: _foam,
    DefectKind.LOWER_BODY_DEFORMATION: _lower_body,
    DefectKind.LIGHT_SCRATCH_NEAR_NECK: _light_scratch,
    DefectKind.LASER_CUT_IMPERFECTION: _laser,
    DefectKind.BURN_ON_BODY: _burn,
    DefectKind.BLACK_SPOT: _spot,
    DefectKind.BUMP_BESIDE_BUBBLE: _bump,
    DefectKind.HEAVY_DEFORMATION_OVER_BUBBLE: _heavy,
    DefectKind.SCRATCH_ON_NECK: _neck_scratch,
    DefectKind.LIGHT_BUMP_UNDER_CAP: _cap,
    DefectKind.DRIFTING_PARTICLE: _drift,
}


def effect(defect: Defect, at: Moment) -> Effect:
    """What `defect` does to its vial at one moment; only a drifting particle differs from frame to frame."""
    return _PAINTERS[defect.kind](defect, stream("defect", defect.seed), at)
