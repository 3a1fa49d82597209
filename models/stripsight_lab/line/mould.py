"""The moulded shape of one vial: what a strip keeps over all its acquisitions."""

from dataclasses import dataclass

import numpy as np

from stripsight_lab.line.geometry import VIAL_HEIGHT_PX
from stripsight_lab.line.raster import Float, f32, smoothstep, wobble
from stripsight_lab.line.seeds import stream

FLAG_TOP_PX = 14.0
FLAG_BOTTOM_PX = 196.0
BREAK_PX = 228.0
"""Height of the twist-off line between flag and neck."""
SHOULDER_TOP_PX = 322.0


@dataclass(frozen=True, eq=False)
class Mould:
    """Shape of one vial in px of its box (256 x 1024); each field varies a little by strip and by vial."""

    half_width: Float
    """Outer half width by row, float32 [1024], from break line to bottom."""
    middle: Float
    """x of the axis by row, float32 [1024], near 128."""
    wall: float
    """Thickness of the body's wall, 10 to 14."""
    wall_skew: float
    """How much thicker the left wall is than the right one, -1.5 to 1.5."""
    neck_half: float
    bottom: float
    """y of the lowest point of the body, near 984."""
    corner: float
    """Radius of the rounded bottom, 66 to 80."""
    flag_half: float
    emboss: float
    """Depth of the embossed lettering, 0.85 to 1.15 of the usual."""
    level: float
    """y of the liquid's surface at rest, 536 to 608: the filled volume."""


def _profile(flag_half: float, neck_half: float, body_half: float, shoulder_px: float) -> Float:
    y = np.arange(VIAL_HEIGHT_PX, dtype=np.float32)
    shoulder = smoothstep(SHOULDER_TOP_PX, SHOULDER_TOP_PX + shoulder_px, y)
    width = neck_half + (body_half - neck_half) * shoulder**0.85
    collar = (flag_half - neck_half) * smoothstep(BREAK_PX - 4, FLAG_BOTTOM_PX - 4, y)
    ring = 5 * np.exp(-np.square((y - 250) / 9)) - 6 * np.exp(-np.square((y - BREAK_PX) / 4))
    return f32(width + collar + ring)


def mould(strip_seed: int, vial: int) -> Mould:
    """The shape of `vial` (0 to 4) on the strip `strip_seed`."""
    strip, own = stream("mould", strip_seed), stream("mould-vial", strip_seed, vial)
    body_half = 98 + strip.normal(0, 0.7) + own.normal(0, 0.4)
    flag_half = 88 + strip.normal(0, 0.4) + own.normal(0, 0.3)
    neck_half = 27 + strip.normal(0, 0.4) + own.normal(0, 0.3)
    shoulder_px = 112 + strip.normal(0, 2.5) + own.normal(0, 1.0)
    wall = float(np.clip(12 + strip.normal(0, 0.6) + own.normal(0, 0.5), 10, 14))
    level = float(np.clip(572 + strip.normal(0, 13) + own.normal(0, 6), 536, 608))
    return Mould(
        half_width=f32(_profile(flag_half, neck_half, body_half, shoulder_px) + 0.5 * wobble(own, VIAL_HEIGHT_PX, 150)),
        middle=f32(128 + own.normal(0, 0.5) + 0.5 * wobble(own, VIAL_HEIGHT_PX, 300)),
        wall=wall,
        wall_skew=float(np.clip(own.normal(0, 0.6), -1.5, 1.5)),
        neck_half=neck_half,
        bottom=984 + strip.normal(0, 0.8) + own.normal(0, 0.5),
        corner=float(np.clip(73 + strip.normal(0, 1.5) + own.normal(0, 0.8), 66, 80)),
        flag_half=flag_half,
        emboss=float(np.clip(1 + strip.normal(0, 0.05) + own.normal(0, 0.03), 0.85, 1.15)),
        level=level,
    )
