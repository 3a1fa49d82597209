"""Structured corruption: what a generator is shown in training so that it learns to leave defects out.

Not copies of the simulated line's defects: shapes, sizes and tones are drawn far wider, since a defect
that nobody has seen must not be redrawn either. Each takes a patch and returns it with something added, and
where that is plain; the clean patch is the training target.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Patch = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Rng = np.random.Generator

PLAIN = 5
"""Grey levels of 255 by which a pixel must change to be told as defective; less is nobody's fault."""
PLAIN_PX = 1.5
"""Distance by which a wall must stand aside to be told as defective: moulds differ by less."""
CELL = 4
"""Places are drawn on a grid of this many px."""
PRODUCT = 232
"""What is darker than this is product, and not the light beside it."""


@dataclass(frozen=True, eq=False)
class Corrupted:
    """A patch with something added."""

    shown: Patch
    """uint8 [P, P]"""
    damaged: Mask
    """Where that is plain, bool [P, P]; a pixel that changed and is not plain is neither good nor defective."""


def _changed(patch: Patch, picture: NDArray[Any]) -> Corrupted:
    shown = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return Corrupted(shown, cv2.absdiff(shown, patch) >= PLAIN)


def _blend(patch: Patch, mask: Floats, tone: float) -> Corrupted:
    return _changed(patch, patch + mask * (tone - patch.astype(np.float32)))


def _opacity(rng: Rng, least: float) -> float:
    """From `least` to 1, each octave as often: what is faint is hard to learn, and what is plain is not."""
    return float(least ** rng.uniform(0, 1))


def _soft(mask: Patch, rng: Rng, least: float) -> Floats:
    sigma = float(rng.uniform(0.4, 1.6))
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32) / 255
    return np.asarray(soft * _opacity(rng, least), np.float32)


def _place(patch: Patch, rng: Rng) -> tuple[int, int]:
    """Somewhere on the product, x and y: half of the draws where it is busy, as walls and bubbles are small."""
    small = cv2.resize(patch, None, fx=1 / CELL, fy=1 / CELL, interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.5:
        weights = cv2.blur(np.abs(cv2.Laplacian(small, cv2.CV_32F)), (3, 3)) + 0.1
    else:
        weights = np.where(small < PRODUCT, 1.0, 0.05).astype(np.float32)
    heap = weights.ravel().cumsum(dtype=np.float64)
    cell = int(np.searchsorted(heap, rng.uniform(0, heap[-1])))
    row, column = divmod(min(cell, heap.size - 1), small.shape[1])
    y, x = (int(v) for v in np.array([row, column]) * CELL + rng.integers(0, CELL, 2))
    return x, y


def _tone(rng: Rng) -> float:
    """Mostly dark (matter in transmitted light), sometimes bright (a hole, a glint)."""
    return float(rng.uniform(0, 120) if rng.random() < 0.75 else rng.uniform(120, 255))


def spot(patch: Patch, rng: Rng) -> Corrupted:
    """A particle or a spot: an ellipse of 1 to 9 px radius."""
    mask = np.zeros_like(patch)
    axes = (int(rng.integers(1, 10)), int(rng.integers(1, 10)))
    cv2.ellipse(mask, _place(patch, rng), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


def polygon(patch: Patch, rng: Rng) -> Corrupted:
    """An irregular piece of matter of 3 to 20 px."""
    mask = np.zeros_like(patch)
    count, radius = int(rng.integers(4, 9)), float(rng.uniform(3, 20))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = radius * rng.uniform(0.4, 1.0, count)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None] + _place(patch, rng)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


def _hairlines(patch: Patch, rng: Rng) -> Floats:
    """One to four bent lines side by side, 10 to 90 px long and one or two wide, broken in half of the draws."""
    mask = np.zeros_like(patch)
    start, heading, length = np.array(_place(patch, rng)), rng.uniform(0, 2 * np.pi), rng.uniform(10, 90)
    for _ in range(int(rng.integers(1, 5))):
        steps = int(rng.integers(3, 8))
        turns = heading + rng.normal(0, 0.08) + np.cumsum(rng.normal(0, 0.15, steps))
        stride = length * rng.uniform(0.3, 1.0) / steps
        points = start + rng.normal(0, 4, 2) + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * stride, 0)
        width = int(rng.integers(1, 3))
        cv2.polylines(mask, [(points * 8).astype(np.int32)], False, 255, width, cv2.LINE_AA, shift=3)
    lines = _soft(mask, rng, 0.1)
    if rng.random() < 0.5:
        coarse = rng.uniform(0.1, 1.3, (patch.shape[0] // 12 + 1, patch.shape[1] // 12 + 1)).astype(np.float32)
        lines *= np.minimum(cv2.resize(coarse, patch.shape[::-1], interpolation=cv2.INTER_LINEAR), 1)
    return lines


def scratch(patch: Patch, rng: Rng) -> Corrupted:
    """Hairlines of one tone."""
    return _blend(patch, _hairlines(patch, rng), _tone(rng))


def groove(patch: Patch, rng: Rng) -> Corrupted:
    """Hairlines that take light away, with a brighter side, as a groove in clear plastic has."""
    lines = _hairlines(patch, rng)
    aside = rng.integers(-2, 3, 2)
    bright = np.roll(lines, (int(aside[0]), int(aside[1])), axis=(0, 1)) * (1 - lines)
    return _changed(patch, patch * (1 - 0.9 * lines + float(rng.uniform(0, 0.35)) * bright))


def burn(patch: Patch, rng: Rng) -> Corrupted:
    """A soft dark stain of 8 to 45 px."""
    size = patch.shape[0]
    cx, cy = _place(patch, rng)
    sx, sy = rng.uniform(8, 45, 2) / 2
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    mask = np.exp(-(((xx - cx) / sx) ** 2 + ((yy - cy) / sy) ** 2), dtype=np.float32)
    return _blend(patch, mask * np.float32(_opacity(rng, 0.12)), float(rng.uniform(20, 150)))


def cluster(patch: Patch, rng: Rng) -> Corrupted:
    """Foam and dust: 6 to 60 small rings or dots close together. Single bubbles are harmless, a crowd is not."""
    mask = np.zeros_like(patch)
    centre, spread = np.array(_place(patch, rng)), rng.uniform(5, 30)
    filled = rng.random() < 0.4
    for _ in range(int(rng.integers(6, 60))):
        x, y = (int(v) for v in centre + rng.normal(0, spread, 2) * (1, 0.6))
        cv2.circle(mask, (x, y), int(rng.integers(1, 6)), 255, -1 if filled else 1, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.2), _tone(rng))


def warp(patch: Patch, rng: Rng) -> Corrupted:
    """A dent or a bump: the picture pushed aside by 2 to 16 px within 12 to 60 px, some with shaded slopes."""
    size = patch.shape[0]
    cx, cy = _place(patch, rng)
    sigma = rng.uniform(12, 60) / 2
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    bell = np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / (2 * sigma**2), dtype=np.float32)
    push, heading = float(2 * 8 ** rng.uniform(0, 1)), rng.uniform(0, 2 * np.pi)
    dx, dy = np.float32(push * np.cos(heading)), np.float32(push * np.sin(heading))
    moved = cv2.remap(patch, xx + dx * bell, yy + dy * bell, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    bent, far = _changed(patch, moved), push * bell >= PLAIN_PX
    if rng.random() < 2 / 3:
        return Corrupted(bent.shown, bent.damaged & far)
    shaded = _shaded(bent.shown, (xx - cx) / sigma * bell, (yy - cy) / sigma * bell, rng)
    either = _changed(patch, shaded.shown)  # a shade may cancel a bend
    return Corrupted(shaded.shown, either.damaged & (far | shaded.damaged))


def _shaded(patch: Patch, across: Floats, down: Floats, rng: Rng) -> Corrupted:
    """Take light from the slope that faces away, and give some to the other."""
    facing, depth = rng.uniform(0, 2 * np.pi), float(rng.uniform(0.05, 0.4))
    slope = across * np.float32(np.cos(facing)) + down * np.float32(np.sin(facing))
    return _changed(patch, patch * (1 - depth * np.maximum(slope, slope / 3)))


def band(patch: Patch, rng: Rng) -> Corrupted:
    """A rectangle of another tone: a cut edge, a flap, a piece that is missing."""
    mask = np.zeros_like(patch)
    box = (
        _place(patch, rng),
        (float(rng.uniform(3, 40)), float(rng.uniform(3, 40))),
        float(rng.uniform(0, 180)),
    )
    cv2.fillPoly(mask, [cv2.boxPoints(box).astype(np.int32)], 255, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


CORRUPTIONS: tuple[Callable[[Patch, Rng], Corrupted], ...] = (
    spot,
    spot,
    polygon,
    scratch,
    groove,
    groove,
    burn,
    cluster,
    warp,
    band,
)
"""Spots and hairlines more often: they are the smallest, and the hardest beside bubbles and walls."""


def corrupt(patch: Patch, rng: Rng, *, probability: float) -> Corrupted:
    """Add one to three corruptions to `patch` uint8 [P, P], or none with 1 - `probability`."""
    found = Corrupted(patch, np.zeros(patch.shape, bool))
    if rng.random() >= probability:
        return found
    for _ in range(int(rng.integers(1, 4))):
        more = CORRUPTIONS[rng.integers(len(CORRUPTIONS))](found.shown, rng)
        found = Corrupted(more.shown, found.damaged | more.damaged)
    return found
