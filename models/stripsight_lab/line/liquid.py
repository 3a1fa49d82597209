"""The liquid's surface, which follows the semicircular movement and sloshes a little."""

import math
from dataclasses import dataclass

import numpy as np

from stripsight_lab.line.geometry import VIAL_WIDTH_PX
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.mould import Mould
from stripsight_lab.line.raster import Float, Window, f32, ridge, smoothstep
from stripsight_lab.line.seeds import stream
from stripsight_lab.line.walls import Layers

_REACH_PX = 46.0


@dataclass(frozen=True)
class Surface:
    """The meniscus of one vial in one frame."""

    level: float
    """y in px of the vial at its axis."""
    slope: float
    """Rise of y per px of x, about -0.12 to 0.12."""
    climb: float
    """How far the liquid creeps up the wall, 5 to 11 px."""
    ripple: float
    """Height of the second wave, -3 to 3 px."""

    def y(self, x: Float, shape: Mould) -> Float:
        """Height of the surface at `x`, both in px of the vial."""
        u = (x - shape.middle[int(self.level)]) / (shape.half_width[int(self.level)] - shape.wall)
        u = np.clip(u, -1.1, 1.1)
        wave = self.ripple * np.cos(math.pi * u)
        return f32(self.level + self.slope * (x - 128) - self.climb * np.abs(u) ** 5 + wave)


def surface(shape: Mould, now: Instant) -> Surface:
    """The surface of one vial in one frame; at most about 7 degrees from level."""
    whole, own = stream("slosh", now.strip_seed, now.run), stream("slosh-vial", *now.own_run)
    tilt, late = math.radians(whole.normal(5.0, 0.6)), whole.uniform(0, 0.35)
    slosh = math.radians(own.normal(0, 0.7))
    phase, beat = own.uniform(0, 2 * math.pi), own.uniform(0.9, 1.4)
    damp = math.exp(-now.frame / 9)
    wave = math.sin(phase + beat * now.frame)
    angle = tilt * math.cos(now.turn - late) + slosh * damp * wave
    return Surface(
        level=shape.level + own.normal(0, 1.0) + 1.5 * damp * math.cos(phase + 1.7 * beat * now.frame),
        slope=math.tan(angle),
        climb=8 + whole.normal(0, 0.5) + own.normal(0, 0.5),
        ripple=own.normal(0, 1.1) * damp * math.cos(phase - beat * now.frame),
    )


def pour(picture: Float, layer: Layers, shape: Mould, top: Surface) -> None:
    """Draw the surface and the liquid near it into a vial's picture, whose lower rows show liquid already."""
    window = Window.around((128, top.level), VIAL_WIDTH_PX, _REACH_PX)
    x, y = window.grid()
    under = y - top.y(x, shape)
    hollow = window.of(layer.hollow)
    empty, full = window.of(layer.empty), window.of(layer.full)
    grey = empty + smoothstep(-1.0, 1.0, under) * (full - empty)
    line = ridge(under, 1.9) + 0.35 * ridge(under - 2.5, 2.5)
    grey = grey + hollow * (line * (64 - grey) * 0.86)
    grey += hollow * (-15 * ridge(under - 9, 6.0) + 5 * ridge(under + 6, 4.0))
    cover = window.of(layer.cover)
    view = window.of(picture)
    view += cover * (grey - view)
