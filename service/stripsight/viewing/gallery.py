"""The pictures of strips: of the last ones out of memory, of older ones out of the frames that are kept."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from stripsight.engine import Inference
from stripsight.frame import Frame
from stripsight.inspector import Inspector
from stripsight.live import LiveBundle
from stripsight.patches import crop_frame
from stripsight.render import asked, render
from stripsight.strip import Heatmap, HeatmapOptions
from stripsight.verdict import judge
from stripsight.viewing.kept import KeptFrames
from stripsight.viewing.options import PictureOptions
from stripsight.viewing.pictures import Pictures, frame_picture, pixels_of
from stripsight.viewing.recorded import Recorded
from stripsight.viewing.sight import LastStrips

T = TypeVar("T")

NO_FRAMES = "the frames are not kept"
NO_BUNDLE = "the bundle that judged is not there any more"
NO_TIME = "there was no time between strips to draw the heatmaps"

# How long heatmaps of an older strip may wait, piece by piece, for a moment without a strip.
_PATIENCE_S = 2.0


class Lane(Protocol):
    """The lane, for work that yields to strips."""

    def beside(self, work: Callable[[], T], timeout_s: float | None = None) -> T:
        """Run a piece of work while no strip is there. Raises TimeoutError when it did not begin in time."""
        ...

    def pause(self) -> None:
        """Wait, but not for long, until the lane is free."""
        ...


class Gallery:
    """Draws for whoever asks, in the thread that asks, and pauses for strips between two pictures."""

    def __init__(
        self, last: LastStrips, kept: KeptFrames, judge_of: Callable[[str], LiveBundle | None], lane: Lane
    ) -> None:
        """`judge_of` returns the bundle with an id, where it is there with its engine."""
        self._last = last
        self._kept = kept
        self._judge_of = judge_of
        self._lane = lane

    def draw(self, seen: Recorded, options: PictureOptions) -> Pictures:
        """Draw what is wanted of a strip, and say what is missing. Raises EngineError and NotReady."""
        seq = seen.link.seq
        frames = self._frames(seen)
        if not frames:
            return Pictures(seq, missing=NO_FRAMES if options.frames or _has_heatmaps(seen, options) else "")
        pictures = []
        for frame in frames if options.frames else ():
            self._lane.pause()
            pictures.append(frame_picture(frame, options.frame_width_max_px))
        if options.heatmaps is None or not _has_heatmaps(seen, options):
            return Pictures(seq, pictures)
        heatmaps, missing = self._heatmaps(seen, frames, options.heatmaps)
        return Pictures(seq, pictures, heatmaps, missing)

    def _frames(self, seen: Recorded) -> list[Frame]:
        """Return a strip's frames, ascending by index; none unless all are there."""
        sight = self._last.get(seen.link.seq)
        if sight is not None and (frames := sight.frames()):
            return frames
        record = seen.record
        named = zip(record.layout.frames, record.frame_digests, strict=False)
        return _whole([self._kept_frame(index, digest) for index, digest in named])

    def _kept_frame(self, index: int, digest: str) -> Frame | None:
        png = self._kept.read(digest)
        pixels = pixels_of(png) if png is not None else None
        return None if pixels is None else Frame(index, pixels, digest)

    def _heatmaps(self, seen: Recorded, frames: list[Frame], options: HeatmapOptions) -> tuple[list[Heatmap], str]:
        live = self._judge_of(seen.record.bundle_id)
        if live is None or live.inspector is None:
            return [], NO_BUNDLE
        recipe, thresholds = live.bundle.recipe, live.bundle.thresholds
        judgement = judge(np.array(seen.record.scores, np.float32), thresholds, recipe)
        wanted = asked(options.which, judgement, recipe.patch_count)
        try:
            inference = self._inference(seen, frames, live.inspector) if wanted else None
        except TimeoutError:
            return [], NO_TIME
        if inference is None:
            return [], ""
        drawn, drawing = (
            [],
            render(wanted, options.style, [crop_frame(frame, recipe) for frame in frames], inference, live.bundle),
        )
        for _ in wanted:
            self._lane.pause()
            drawn.append(next(drawing))
        return drawn, ""

    def _inference(self, seen: Recorded, frames: list[Frame], inspector: Inspector) -> Inference:
        sight = self._last.get(seen.link.seq)
        if sight is not None and sight.answer.inference is not None:
            return sight.answer.inference
        return inspector.infer(frames, lambda work: self._lane.beside(work, _PATIENCE_S))


def _has_heatmaps(seen: Recorded, options: PictureOptions) -> bool:
    return options.heatmaps is not None and bool(seen.record.scores)


def _whole(frames: list[Frame | None]) -> list[Frame]:
    found = [frame for frame in frames if frame is not None]
    return found if len(found) == len(frames) else []
