"""One strip before the camera: dry layers once, moving parts for each frame."""

from functools import lru_cache

import numpy as np

from stripsight_lab.line import bubbles, liquid
from stripsight_lab.line.geometry import (
    FRAME_HEIGHT_PX,
    FRAME_WIDTH_PX,
    VIAL_HEIGHT_PX,
    VIAL_PITCH_PX,
    VIAL_TOP_PX,
    VIAL_WIDTH_PX,
    VIALS,
    vial_origin,
)
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.mould import Mould, mould
from stripsight_lab.line.raster import Float, f32, inside, ridge, smooth_noise
from stripsight_lab.line.seeds import stream
from stripsight_lab.line.walls import Layers, layers

BACKGROUND = 240.0
_WEB_TOP, _WEB_BOTTOM = 452, 918


class Dry:
    """What a strip keeps over all frames: shapes, layers, and the strip's picture with the liquid at rest."""

    def __init__(self, strip_seed: int) -> None:
        """Render the strip `strip_seed`; about 150 ms."""
        self.moulds: list[Mould] = [mould(strip_seed, vial) for vial in range(VIALS)]
        self.layers: list[Layers] = [layers(m, strip_seed, v) for v, m in enumerate(self.moulds)]
        self.picture = np.full((FRAME_HEIGHT_PX, FRAME_WIDTH_PX), BACKGROUND, dtype=np.float32)
        for gap in range(VIALS - 1):
            _web(self.picture, gap, stream("web", strip_seed, gap))
        for vial in range(VIALS):
            view, layer = vial_view(self.picture, vial), self.layers[vial]
            rest = round(self.moulds[vial].level)
            grey = np.concatenate([layer.empty[:rest], layer.full[rest:]])
            view += layer.cover * (grey - view)


@lru_cache(maxsize=4)
def dry(strip_seed: int) -> Dry:
    """The dry parts of a strip; the last few are kept."""
    return Dry(strip_seed)


def vial_view(picture: Float, vial: int) -> Float:
    """The view of a vial's box in a whole picture: float32 [1024, 256]."""
    left, top = vial_origin(vial)
    return picture[top : top + VIAL_HEIGHT_PX, left : left + VIAL_WIDTH_PX]


def _web(picture: Float, gap: int, rng: np.random.Generator) -> None:
    """Draw the thin film that joins two vials, with the line where they are torn apart."""
    left = vial_origin(gap)[0] + VIAL_WIDTH_PX // 2
    top, bottom = VIAL_TOP_PX + _WEB_TOP, VIAL_TOP_PX + _WEB_BOTTOM
    view = picture[top:bottom, left : left + VIAL_PITCH_PX]
    height, width = view.shape
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    film = -11 + 1.2 * smooth_noise(rng, (height, width), (90, 30))
    from_end = np.minimum(y - 1.5, height - 2.5 - y)
    tear = x - width / 2 - rng.normal(0, 1)
    view += inside(f32(from_end)) * film
    view -= f32(70 * ridge(from_end - 1.5, 1.6) + inside(f32(from_end)) * 38 * ridge(tear, 1.5))


def draw_moving(picture: Float, still: Dry, now: Instant, big_bubble: bool) -> None:
    """Draw the liquid, drops and bubbles of one vial into the whole picture.

    `big_bubble` puts the bubble near the neck there that a vial otherwise has by chance.
    """
    shape, layer = still.moulds[now.vial], still.layers[now.vial]
    view = vial_view(picture, now.vial)
    top = liquid.surface(shape, now)
    liquid.pour(view, layer, shape, top)
    bubbles.slug(view, shape, now)
    balls = bubbles.drops(shape, now) + bubbles.bubbles(shape, top, now)
    for ball in balls + bubbles.resident(shape, now, big_bubble):
        bubbles.paint(view, ball)
