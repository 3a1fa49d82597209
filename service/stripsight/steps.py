"""One strip on its way through the steps: decode, check, crop, infer, judge, render. Each timed.

The steps up to infer go frame by frame, as frames come; the rest, once all are there. What a frame has not been through
when the strip is finished is made up for then, so frames that come together and frames that come one by one take the
same way.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from stripsight.bundle import Bundle
from stripsight.checks import Finding, RecentFrames, check_frame, check_strip
from stripsight.engine import Engine, Inference
from stripsight.frame import Frame, FrameData, decode
from stripsight.patches import crop_frame
from stripsight.render import asked, render
from stripsight.strip import Heatmap, Inspection, RejectedEarly, StripHeader
from stripsight.timing import Clock, StageTimer
from stripsight.verdict import Cause, Judgement, causes_of, judge, rejected, rejected_regions

RENDER_RESERVE_S = 0.02  # no heatmap is begun so near to the deadline; one takes a few milliseconds

T = TypeVar("T")


class StripSteps:
    """A strip under inspection: `add` or `decode` each frame, then `finish`. One caller at a time."""

    def __init__(
        self,
        header: StripHeader,
        bundle: Bundle,
        engine: Engine,
        recent: RecentFrames,
        *,
        threads: Executor,
        clock: Clock,
    ) -> None:
        """Begin with no frames.

        `recent` are those of past strips, `threads` decode and check frames side by side, `clock` is the one that
        deadlines are given in.
        """
        self._header = header
        self._bundle = bundle
        self._recipe = bundle.recipe
        self._engine = engine
        self._recent = recent
        self._threads = threads
        self._clock = clock
        self._timer = StageTimer(clock)
        self._timer.pause()
        # By frame index.
        self._frames: dict[int, Frame] = {}
        self._findings: dict[int, tuple[Finding, ...]] = {}
        self._patches: dict[int, NDArray[np.uint8]] = {}
        self._inferred: dict[int, Inference] = {}

    def add(self, data: FrameData, field: str) -> RejectedEarly | None:
        """Take a frame as far as it goes by itself; tell when it alone rejects the strip.

        `field` is where the frame sits in the request. Once a finding has rejected the strip no frame is inferred: the
        answer has no scores. Raises what `decode` and the engine raise.
        """
        with self._at_work():
            self._decode([(data, field)])
            self._check([data.index])
            if any(self._findings.values()):
                return _found(data.index, self._findings[data.index])
            self._crop(data.index)
            self._infer(data.index)
            with self._timer.stage("judge"):
                return self._judged(data.index)

    def decode(self, frames: Sequence[tuple[FrameData, str]]) -> None:
        """Take frames no further than their pixels; `finish` does the rest.

        Each comes with where it sits in the request. Raises what `frame.decode` raises, for the first that is wrong.
        """
        with self._at_work():
            self._decode(frames)

    def finish(self, deadline: float) -> Inspection:
        """Judge the strip by all its frames; from `deadline`, a time of the clock, on it is a REJECT with cause LATE.

        Raises EngineError when the engine fails.
        """
        with self._at_work():
            return self._finished(deadline)

    def _finished(self, deadline: float) -> Inspection:
        if self._is_late(deadline):
            return self._answer(deadline, rejected(Cause.LATE))
        findings = self._all_findings()
        if findings:
            causes = (finding.cause for finding in findings)
            return self._answer(deadline, rejected(*causes), findings=findings)
        for index in self._recipe.frame.indices:
            if index in self._inferred:
                continue
            self._crop(index)
            if self._is_late(deadline):
                return self._answer(deadline, rejected(Cause.LATE))
            self._infer(index)
        with self._timer.stage("infer"):
            inference = self._engine.fuse(self._in_order(self._inferred))
        with self._timer.stage("judge"):
            judgement = judge(inference.scores, self._bundle.thresholds, self._recipe)
        with self._timer.stage("render"):
            options = self._header.heatmaps
            wanted = asked(options.which, judgement, self._recipe.patch_count)
            drawn = render(wanted, options.style, self._in_order(self._patches), inference, self._bundle)
            heatmaps = tuple(self._until(deadline, drawn))
        left_out = len(wanted) - len(heatmaps)
        return self._answer(deadline, judgement, heatmaps=heatmaps, heatmaps_left_out=left_out, inference=inference)

    def _decode(self, frames: Sequence[tuple[FrameData, str]]) -> None:
        def decoded(frame: tuple[FrameData, str]) -> Frame:
            return decode(frame[0], self._recipe, field=frame[1])

        with self._timer.stage("decode"):
            self._frames |= {frame.index: frame for frame in self._threads.map(decoded, frames)}

    def _check(self, indices: Sequence[int]) -> None:
        def checked(index: int) -> tuple[Finding, ...]:
            return check_frame(self._frames[index], self._recipe)

        with self._timer.stage("check"):
            self._findings |= dict(zip(indices, self._threads.map(checked, indices), strict=True))

    def _all_findings(self) -> tuple[Finding, ...]:
        """Check the frames that have not been, and what lies between frames and between strips."""
        self._check([index for index in self._recipe.frame.indices if index not in self._findings])
        with self._timer.stage("check"):
            frames = self._in_order(self._frames)
            between = check_strip(frames, self._recipe)
            repeated = self._recent.check(self._header.key, frames, self._recipe.checks.frozen)
        return (*between, *(one for found in self._in_order(self._findings) for one in found), *repeated)

    def _crop(self, index: int) -> None:
        with self._timer.stage("crop"):
            self._patches[index] = crop_frame(self._frames[index], self._recipe)

    def _infer(self, index: int) -> None:
        with self._timer.stage("infer"):
            self._inferred[index] = self._engine.infer_frame(self._patches[index])

    def _judged(self, index: int) -> RejectedEarly | None:
        scores = self._inferred[index].scores
        regions = rejected_regions(scores, index, self._bundle.thresholds, self._recipe)
        causes = causes_of(region.score for region in regions)
        return RejectedEarly(index, causes, regions=regions) if regions else None

    def _until(self, deadline: float, drawn: Iterator[Heatmap]) -> Iterator[Heatmap]:
        """Let heatmaps be drawn for as long as there is time."""
        while not self._is_late(deadline - RENDER_RESERVE_S):
            if (heatmap := next(drawn, None)) is None:
                return
            yield heatmap

    def _answer(
        self,
        deadline: float,
        judgement: Judgement,
        *,
        findings: tuple[Finding, ...] = (),
        heatmaps: tuple[Heatmap, ...] = (),
        heatmaps_left_out: int = 0,
        inference: Inference | None = None,
    ) -> Inspection:
        # The last look at the clock: whatever was found, an ACCEPT does not leave late.
        if self._is_late(deadline):
            judgement = judgement.and_rejected(Cause.LATE)
        return Inspection(
            strip_id=self._header.strip_id,
            lot_id=self._header.lot_id,
            strip_seq=self._header.strip_seq,
            judgement=judgement,
            findings=findings,
            heatmaps=heatmaps,
            heatmaps_left_out=heatmaps_left_out,
            stages=self._timer.stages,
            total_s=self._timer.total_s,
            bundle_id=self._bundle.bundle_id,
            provider=self._engine.provider,
            frame_digests=tuple(frame.digest for frame in self._in_order(self._frames)),
            inference=inference,
        )

    def _in_order(self, by_index: Mapping[int, T]) -> list[T]:
        return [by_index[index] for index in self._recipe.frame.indices]

    def _is_late(self, deadline: float) -> bool:
        return self._clock() >= deadline

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Leave what passes between frames out of the whole time."""
        self._timer.resume()
        try:
            yield
        finally:
            self._timer.pause()


def _found(index: int, findings: tuple[Finding, ...]) -> RejectedEarly | None:
    causes = {finding.cause for finding in findings}
    return RejectedEarly(index, tuple(c for c in Cause if c in causes), findings) if findings else None
