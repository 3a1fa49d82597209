"""Structured corruption: what a generator is shown in training so that it learns to leave defects out.

Not copies of the simulated line's defects: shapes, sizes and tones are drawn far wider, since a defect
that nobody has seen must not be redrawn either. Each takes a patch and returns it with something added;
the clean patch is the training target.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Patch = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator


def _blend(patch: Patch, mask: Floats, tone: float | Floats) -> Patch:
    mixed = patch + mask * (tone - patch.astype(np.float32))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _opacity(rng: Rng, least: float) -> float:
    """From `least` to 1, each octave as often: what is faint is hard to learn, and what is plain is not."""
    return float(least ** rng.uniform(0, 1))


def _soft(mask: Patch, rng: Rng, least: float) -> Floats:
    sigma = float(rng.uniform(0.4, 1.6))
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32) / 255
    return np.asarray(soft * _opacity(rng, least), np.float32)


def _place(patch: Patch, rng: Rng) -> tuple[int, int]:
    """Somewhere on the product: half of the draws look for a pixel darker than the background."""
    size = patch.shape[0]
    x, y = (int(v) for v in rng.integers(0, size, 2))
    for _ in range(4 if rng.random() < 0.5 else 0):
        if patch[y, x] < 225:
            break
        x, y = (int(v) for v in rng.integers(0, size, 2))
    return x, y


def _tone(rng: Rng) -> float:
    """Mostly dark (matter in transmitted light), sometimes bright (a hole, a glint)."""
    return float(rng.uniform(0, 120) if rng.random() < 0.75 else rng.uniform(120, 255))


def spot(patch: Patch, rng: Rng) -> Patch:
    """A particle or a spot: an ellipse of 1 to 9 px radius."""
    mask = np.zeros_like(patch)
    axes = (int(rng.integers(1, 10)), int(rng.integers(1, 10)))
    cv2.ellipse(mask, _place(patch, rng), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


def polygon(patch: Patch, rng: Rng) -> Patch:
    """An irregular piece of matter of 3 to 20 px."""
    mask = np.zeros_like(patch)
    count, radius = int(rng.integers(4, 9)), float(rng.uniform(3, 20))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = radius * rng.uniform(0.4, 1.0, count)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None] + _place(patch, rng)
    cv2.fillPoly(mask, [points.astype(np.int32)], 255, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


def scratch(patch: Patch, rng: Rng) -> Patch:
    """One to four hairlines side by side, bent, 10 to 90 px long and one or two wide."""
    mask = np.zeros_like(patch)
    start, heading, length = np.array(_place(patch, rng)), rng.uniform(0, 2 * np.pi), rng.uniform(10, 90)
    for _ in range(int(rng.integers(1, 5))):
        steps = int(rng.integers(3, 8))
        turns = heading + rng.normal(0, 0.08) + np.cumsum(rng.normal(0, 0.15, steps))
        stride = length * rng.uniform(0.3, 1.0) / steps
        points = start + rng.normal(0, 4, 2) + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * stride, 0)
        width = int(rng.integers(1, 3))
        cv2.polylines(mask, [(points * 8).astype(np.int32)], False, 255, width, cv2.LINE_AA, shift=3)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


def burn(patch: Patch, rng: Rng) -> Patch:
    """A soft dark stain of 8 to 45 px."""
    size = patch.shape[0]
    cx, cy = _place(patch, rng)
    sx, sy = rng.uniform(8, 45, 2) / 2
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    mask = np.exp(-(((xx - cx) / sx) ** 2 + ((yy - cy) / sy) ** 2), dtype=np.float32)
    return _blend(patch, mask * np.float32(_opacity(rng, 0.12)), float(rng.uniform(20, 150)))


def cluster(patch: Patch, rng: Rng) -> Patch:
    """Foam and dust: 8 to 40 small rings or dots close together. Single bubbles are harmless, a crowd is not."""
    mask = np.zeros_like(patch)
    centre, spread = np.array(_place(patch, rng)), rng.uniform(6, 28)
    filled = rng.random() < 0.4
    for _ in range(int(rng.integers(8, 40))):
        x, y = (int(v) for v in centre + rng.normal(0, spread, 2))
        cv2.circle(mask, (x, y), int(rng.integers(1, 5)), 255, -1 if filled else 1, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.2), _tone(rng))


def warp(patch: Patch, rng: Rng) -> Patch:
    """A dent or a bump: the picture pushed aside by up to 14 px within 12 to 60 px."""
    size = patch.shape[0]
    cx, cy = _place(patch, rng)
    sigma = rng.uniform(12, 60) / 2
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    bell = np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / (2 * sigma**2), dtype=np.float32)
    dx, dy = rng.uniform(-14, 14, 2).astype(np.float32)
    return np.asarray(
        cv2.remap(patch, xx + dx * bell, yy + dy * bell, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
        dtype=np.uint8,
    )


def band(patch: Patch, rng: Rng) -> Patch:
    """A rectangle of another tone: a cut edge, a flap, a piece that is missing."""
    mask = np.zeros_like(patch)
    box = (
        _place(patch, rng),
        (float(rng.uniform(3, 40)), float(rng.uniform(3, 40))),
        float(rng.uniform(0, 180)),
    )
    cv2.fillPoly(mask, [cv2.boxPoints(box).astype(np.int32)], 255, cv2.LINE_AA)
    return _blend(patch, _soft(mask, rng, 0.1), _tone(rng))


CORRUPTIONS: tuple[Callable[[Patch, Rng], Patch], ...] = (
    spot,
    spot,
    polygon,
    scratch,
    scratch,
    burn,
    cluster,
    warp,
    band,
)
"""Spots and scratches twice: they are the smallest, and the hardest beside bubbles and walls."""


def corrupt(patch: Patch, rng: Rng, *, probability: float) -> Patch:
    """Add one to three corruptions to `patch` uint8 [P, P], or none with 1 - `probability`."""
    if rng.random() >= probability:
        return patch
    for _ in range(int(rng.integers(1, 4))):
        patch = CORRUPTIONS[rng.integers(len(CORRUPTIONS))](patch, rng)
    return patch
