"""A strip is an object that can be acquired again and again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stripsight_lab.line.camera import Shot, expose, expose_mask, shoot
from stripsight_lab.line.defects import Defect, Moment, effect
from stripsight_lab.line.geometry import (
    FRAME_HEIGHT_PX,
    FRAME_WIDTH_PX,
    FRAMES_PER_ACQUISITION,
    INSPECTED_FRAMES,
    VIALS,
    vial_origin,
)
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.raster import Byte, Float
from stripsight_lab.line.scene import draw_moving, dry, vial_view


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Frames of one run. Both arrays are uint8 [F, 1080, 1920], in the order that was asked for."""

    frames: Byte
    masks: Byte
    """1 where the defect changed the picture noticeably, else 0."""


@dataclass(frozen=True)
class Strip:
    """A strip of five vials; equal strips give equal pictures."""

    seed: int
    defect: Defect | None = None
    bubble_vial: int | None = None
    """A vial that surely holds the big harmless bubble near its neck; others may by chance."""

    @classmethod
    def good(cls, seed: int) -> "Strip":
        """The good strip `seed` (0 or above)."""
        return cls(seed)

    @classmethod
    def defective(cls, seed: int, defect: Defect) -> "Strip":
        """The strip `seed` with a defect."""
        return cls(seed, defect, defect.vial if defect.beside_bubble else None)

    @property
    def twin(self) -> "Strip":
        """The same strip without its defect: its pictures differ nowhere else."""
        return replace(self, defect=None)

    def acquire(self, run: int, frames: Sequence[int] = INSPECTED_FRAMES) -> Acquisition:
        """The asked `frames` (0 to 15) of `run` (0 or above).

        A frame does not depend on which others are asked for. Raises ValueError for one out of range.
        """
        if run < 0 or not all(0 <= frame < FRAMES_PER_ACQUISITION for frame in frames):
            raise ValueError(f"run {run} or frames {list(frames)} out of range")
        size = (len(frames), FRAME_HEIGHT_PX, FRAME_WIDTH_PX)
        taken = Acquisition(np.zeros(size, dtype=np.uint8), np.zeros(size, dtype=np.uint8))
        for place, frame in enumerate(frames):
            shot = shoot(self.seed, run, frame)
            picture = self._scene(run, frame)
            taken.masks[place] = self._damage(picture, shot, run, frame)
            taken.frames[place] = expose(picture, shot)
        return taken

    def _scene(self, run: int, frame: int) -> Float:
        """The strip without its defect before the camera, float32 [1080, 1920]."""
        still = dry(self.seed)
        picture = still.picture.copy()
        for vial in range(VIALS):
            draw_moving(picture, still, Instant(self.seed, vial, run, frame), vial == self.bubble_vial)
        return picture

    def _damage(self, picture: Float, shot: Shot, run: int, frame: int) -> Byte:
        """Put the defect into `picture`; its mask as the camera sees it."""
        mask = np.zeros(picture.shape, dtype=np.uint8)
        if self.defect is None:
            return mask
        still, vial = dry(self.seed), self.defect.vial
        layer, now = still.layers[vial], Instant(self.seed, vial, run, frame)
        change = effect(self.defect, Moment(still.moulds[vial], layer.cover, layer.hollow, now))
        box, (left, top) = change.window, vial_origin(vial)
        seen = change.apply(vial_view(picture, vial))
        mask[top + box.top : top + box.bottom, left + box.left : left + box.right] = seen
        return expose_mask(mask, shot)
