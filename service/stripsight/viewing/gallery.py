"""The pictures of strips: of the last ones out of memory, of older ones out of the frames that are kept."""

import time
from collections.abc import Callable, Iterator
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

# How long the inference of an older strip may take, with its waits for moments without a strip.
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
        """Return the heatmaps that are wanted, or why there are none."""
        sight = self._last.get(seen.link.seq)
        live = (sight and sight.judge) or self._judge_of(seen.record.bundle_id)
        if live is None or live.inspector is None:
            return [], NO_BUNDLE
        judgement = judge(np.array(seen.record.scores, np.float32), live.bundle.thresholds, live.bundle.recipe)
        wanted = asked(options.which, judgement, live.bundle.recipe.patch_count)
        if not wanted:
            return [], ""
        try:
            inference = (sight and sight.answer.inference) or self._inferred(frames, live.inspector)
        except TimeoutError:
            return [], NO_TIME
        patches = [crop_frame(frame, live.bundle.recipe) for frame in frames]
        return self._drawn(render(wanted, options.style, patches, inference, live.bundle)), ""

    def _inferred(self, frames: list[Frame], inspector: Inspector) -> Inference:
        """Infer an older strip again, in moments without a strip. Raises TimeoutError when they do not come."""
        ends = time.monotonic() + _PATIENCE_S
        return inspector.infer(frames, lambda work: self._lane.beside(work, max(0.0, ends - time.monotonic())))

    def _drawn(self, drawing: Iterator[Heatmap]) -> list[Heatmap]:
        drawn = []
        self._lane.pause()
        for heatmap in drawing:
            drawn.append(heatmap)
            self._lane.pause()
        return drawn


def _has_heatmaps(seen: Recorded, options: PictureOptions) -> bool:
    return options.heatmaps is not None and bool(seen.record.scores)


def _whole(frames: list[Frame | None]) -> list[Frame]:
    found = [frame for frame in frames if frame is not None]
    return found if len(found) == len(frames) else []
