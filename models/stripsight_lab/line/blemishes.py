"""Things on or in a vial that stop light: spots, burns, scratches, foreign particles, foam, cutting burrs."""

import math

import cv2
import numpy as np

from stripsight_lab.line.bubbles import Ball, look
from stripsight_lab.line.effects import Effect
from stripsight_lab.line.raster import Float, Point, Window, f32, inside, ridge, smooth_noise, smoothstep

_FINE = 4


def fade(severity: float, least: float) -> float:
    """Contrast 0..1 for a severity: `least` at 0, 1 at 1."""
    return least + (1 - least) * severity


def lump(rng: np.random.Generator, window: Window, at: Point, radius: float, rough: float) -> Float:
    """Distance in px into an irregular round shape at `at`, by px of the window."""
    x, y = window.grid()
    turn = np.arctan2(y - at[1], x - at[0])
    outline = np.ones_like(turn)
    for wave in (2, 3, 5):
        outline += rough / wave * rng.normal() * np.cos(wave * turn + rng.uniform(0, 2 * math.pi))
    return f32(radius * np.maximum(outline, 0.4) - np.hypot(x - at[0], y - at[1]))


def spot(rng: np.random.Generator, at: Point, severity: float) -> Effect:
    """A black spot: small, round, dark to its edge."""
    radius = rng.uniform(0.9, 1.1) * (1.3 + 7.2 * severity)
    window = Window.around(at, radius * 1.6 + 3, radius * 1.6 + 3)
    cover = inside(lump(rng, window, at, radius, 0.25)) * fade(severity, 0.18)
    return Effect(window, cover=f32(cover), paint=f32(np.full(window.shape, 24.0)))


def burn(rng: np.random.Generator, at: Point, severity: float) -> Effect:
    """A burn: a scorched dark ring, lighter and mottled within, with a halo."""
    radius = rng.uniform(0.9, 1.1) * (6 + 20 * severity)
    window = Window.around(at, radius * 2.4, radius * 2.4)
    depth = lump(rng, window, at, radius, 0.16)
    mottle = smooth_noise(rng, window.shape, (5, 5))
    core = inside(f32(depth / 1.6)) * (0.52 + 0.10 * mottle)
    scorch = 0.42 * ridge(f32(depth - radius * 0.12), radius * 0.22)
    halo = 0.20 * smoothstep(-radius * 0.9, 0, depth)
    dark = np.clip(np.maximum(core, halo) + scorch, 0, 0.88)
    return Effect(window, gain=f32(1 - fade(severity, 0.06) * dark))


def _groove(rng: np.random.Generator, window: Window, at: Point, length: float, lean: float) -> Float:
    """Cover 0..1 of a thin, slightly curved and broken line through `at`, in the window."""
    t = np.linspace(-0.5, 0.5, 24)
    bow, wave = rng.normal(0, 0.05), rng.normal(0, 0.012, 24).cumsum() * 0.5
    along, aside = length * t, length * (bow * (0.25 - t**2) * 4 + wave - wave.mean())
    x = at[0] + along * math.sin(lean) + aside * math.cos(lean) - window.left
    y = at[1] + along * math.cos(lean) - aside * math.sin(lean) - window.top
    rows, columns = window.shape
    fine = np.zeros((rows * _FINE, columns * _FINE), dtype=np.uint8)
    points = ((np.stack([x, y], axis=1) + 0.5) * _FINE).round().astype(np.int32)
    cv2.polylines(fine, [points], False, (255,), round(1.5 * _FINE), cv2.LINE_AA)
    line = f32(cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA)) / 255
    broken = np.clip(0.75 + 0.45 * smooth_noise(rng, window.shape, (11, 11)), 0.15, 1)
    return f32(cv2.GaussianBlur(f32(line * broken), (0, 0), 0.6))


def scratch(rng: np.random.Generator, at: Point, severity: float, deepest: float, reach: float) -> Effect:
    """One to three scratches side by side: a dark groove with a bright side.

    `deepest` is the part of the light lost at severity 1, `reach` the length there in px.
    """
    length = reach * (0.22 + 0.78 * severity) * rng.uniform(0.9, 1.1)
    window = Window.around(at, length * 0.65 + 10, length * 0.65 + 10)
    lean = rng.uniform(-0.9, 0.9)
    line = _groove(rng, window, at, length, lean)
    for part in rng.uniform(0.4, 0.8, 2)[: rng.integers(0, 3)]:
        beside = (at[0] + rng.uniform(3, 8) * rng.choice((-1, 1)), at[1] + rng.normal(0, 4))
        extra = _groove(rng, window, beside, length * part, lean + rng.normal(0, 0.06))
        line = f32(np.maximum(line, extra * part))
    bright = np.roll(line, (1, 2), axis=(0, 1)) * (1 - line)
    return Effect(window, gain=f32(1 - fade(severity, 0.12) * deepest * (line - 0.22 * bright)))


def foam(rng: np.random.Generator, hollow: Float, at: Point, severity: float) -> Effect:
    """A dark particle stuck to the wall at the surface, with foam of tiny bubbles around it.

    `hollow` is 1 where the vial holds air or liquid, float32 [1024, 256].
    """
    spread = 9 + 33 * severity
    window = Window.around(at, spread * 1.9 + 8, spread * 1.25 + 8)
    speck = inside(lump(rng, window, at, 2.0 + 7 * severity, 0.5))
    cover, paint = np.zeros(window.shape, dtype=np.float32), np.zeros(window.shape, dtype=np.float32)
    for _ in range(5 + round(105 * severity)):
        radius = float(np.clip(rng.lognormal(1.0, 0.35), 1.6, 6.0)) * (0.7 + 0.3 * severity)
        x = at[0] + float(np.clip(rng.normal(0, 0.6), -1.6, 1.6)) * spread
        y = at[1] + float(np.clip(rng.normal(0.15, 0.33), -0.9, 0.9)) * spread
        own, grey = look(Ball(x, y, radius, centre=216, rim=70, broad=0.3), window)
        cover, paint = f32(cover + own * (1 - cover)), f32(paint + own * (grey - paint))
    paint = f32(paint / np.maximum(cover, 1e-3))
    cover = f32(window.of(hollow) * fade(severity, 0.30) * np.maximum(cover, speck))
    return Effect(window, cover=cover, paint=f32(paint + speck * (30 - paint)))


def burr(rng: np.random.Generator, vial: Float, at: Point, severity: float) -> Effect:
    """A burr left by the laser on the flag's edge at `at`: molten plastic outside, a scorched edge inside.

    `vial` is the vial's cover, float32 [1024, 256].
    """
    radius = 2.5 + 9.5 * severity
    window = Window.around(at, radius * 2.6 + 6, radius * 3.0 + 6)
    side = math.copysign(1, at[0] - 128)
    x, y = window.grid()
    out, along = side * (x - at[0]), y - at[1]
    middle = (at[0] + side * 0.6 * radius, at[1] + rng.normal(0, 0.3) * radius)
    bead = lump(rng, window, middle, 0.8 * radius, 0.3)
    swell = 0.7 * radius * np.exp(-np.square(along / (1.5 * radius))) * (1 + 0.25 * np.sin(along * 0.55))
    depth = f32(np.maximum(bead, swell - 3 - out))
    core = smoothstep(radius * 0.5, 0, f32(np.abs(depth - radius * 0.6)))
    grey = 176 - 118 * ridge(f32(depth - 1.6), 2.0) - 30 * core
    cover = inside(depth) * smoothstep(-5.0, -1.0, f32(out)) * fade(severity, 0.12)
    scorch = np.exp(-np.square(out / (2 + 0.7 * radius)) - np.square(along / (1.4 * radius)))
    gain = 1 - 0.5 * fade(severity, 0.06) * scorch * window.of(vial)
    return Effect(window, gain=f32(gain), cover=f32(cover), paint=f32(grey))


def particle(rng: np.random.Generator, at: Point, severity: float, shown: float) -> Effect:
    """A dark fibre or grain in the liquid at `at`; `shown` 0..1 says how well this frame shows it."""
    radius = 1.5 + 5.5 * severity
    window = Window.around(at, radius * 2.2 + 4, radius * 2.2 + 4)
    cover = inside(lump(rng, window, at, radius, 0.55)) * fade(severity, 0.22) * shown
    return Effect(window, cover=f32(cover), paint=f32(np.full(window.shape, 38.0)))
