"""The inspection: decode, check, crop, infer, judge, render. Each step timed, a look at the clock between."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from stripsight import heatmap
from stripsight.bundle import Bundle
from stripsight.checks import Finding, RecentFrames, check
from stripsight.engine import Engine, Inference
from stripsight.errors import ChallengeError, ProductMismatch, SlotTooShort
from stripsight.frame import Frame, decode_strip
from stripsight.patches import crop
from stripsight.recipe import PixelFormat
from stripsight.strip import Heatmap, HeatmapOptions, HeatmapStyle, HeatmapWhich, Inspection, StripRequest
from stripsight.timing import Clock, StageTimer
from stripsight.verdict import Cause, Judgement, judge, rejected

__all__ = [
    "ChallengeResult",
    "Heatmap",
    "HeatmapOptions",
    "HeatmapStyle",
    "HeatmapWhich",
    "Inspection",
    "Inspector",
    "StripRequest",
    "challenge",
]

RENDER_RESERVE_S = 0.02  # no heatmap is begun so near to the deadline; one takes a few milliseconds


class Inspector:
    """Inspects strips of one bundle's product. One caller at a time: it remembers past strips' frames."""

    def __init__(self, bundle: Bundle, engine: Engine, clock: Clock = time.monotonic) -> None:
        """`engine` runs the bundle's graph; `clock` is the one that deadlines are given in."""
        self._bundle = bundle
        self._engine = engine
        self._clock = clock
        self._recent = RecentFrames(bundle.recipe.checks.frozen)

    def inspect(self, request: StripRequest, deadline: float) -> Inspection:
        """Inspect one strip by `deadline`, a time of the clock; from then on it is a REJECT with cause LATE.

        Raises SlotTooShort when the deadline has passed already, an InvalidRequest for what is wrong with the
        call, and EngineError when the engine fails: then stop serving.
        """
        self._refuse(request, deadline)
        recipe, timer = self._bundle.recipe, StageTimer(self._clock)
        with timer.stage("decode"):
            frames = decode_strip(request.frames, recipe)
        answer = partial(self._answer, request, deadline, timer, frames)
        if self._is_late(deadline):
            return answer(rejected(Cause.LATE))
        with timer.stage("check"):
            findings = check(frames, recipe) + self._recent.check(request.key, frames)
        if findings:
            return answer(rejected(*(finding.cause for finding in findings)), findings=findings)
        with timer.stage("crop"):
            patches = crop(frames, recipe)
        if self._is_late(deadline):
            return answer(rejected(Cause.LATE))
        with timer.stage("infer"):
            inference = self._engine.infer(patches)
        with timer.stage("judge"):
            judgement = judge(inference.scores, self._bundle.thresholds, recipe)
        with timer.stage("render"):
            asked = _asked(request.heatmaps.which, judgement, recipe.patch_count)
            heatmaps = self._render(asked, request.heatmaps.style, patches, inference, deadline)
        return answer(judgement, heatmaps=heatmaps, heatmaps_left_out=len(asked) - len(heatmaps))

    def _refuse(self, request: StripRequest, deadline: float) -> None:
        expected = self._bundle.recipe.product.name
        if request.product and request.product != expected:
            found = ascii(request.product[:64])
            raise ProductMismatch(
                f"product: expected {expected!r}, found {found}",
                field="product",
                expected=expected,
                found=found,
            )
        if self._is_late(deadline):
            raise SlotTooShort("expected time before the deadline, found none", over_s=self._clock() - deadline)

    def _is_late(self, deadline: float) -> bool:
        return self._clock() >= deadline

    def _answer(
        self,
        request: StripRequest,
        deadline: float,
        timer: StageTimer,
        frames: Sequence[Frame],
        judgement: Judgement,
        *,
        findings: tuple[Finding, ...] = (),
        heatmaps: tuple[Heatmap, ...] = (),
        heatmaps_left_out: int = 0,
    ) -> Inspection:
        # The last look at the clock: whatever was found, an ACCEPT does not leave late.
        if self._is_late(deadline):
            judgement = judgement.and_rejected(Cause.LATE)
        return Inspection(
            strip_id=request.strip_id,
            lot_id=request.lot_id,
            strip_seq=request.strip_seq,
            judgement=judgement,
            findings=findings,
            heatmaps=heatmaps,
            heatmaps_left_out=heatmaps_left_out,
            stages=timer.stages,
            total_s=timer.total_s,
            bundle_id=self._bundle.bundle_id,
            provider=self._engine.provider,
            frame_digests=tuple(frame.digest for frame in frames),
        )

    def _render(
        self,
        asked: Sequence[int],
        style: HeatmapStyle,
        patches: NDArray[np.uint8],
        inference: Inference,
        deadline: float,
    ) -> tuple[Heatmap, ...]:
        """Render heatmaps in the order of `asked` for as long as there is time."""
        heatmaps = []
        for index in asked:
            if self._is_late(deadline - RENDER_RESERVE_S):
                break
            heat = self._heat(index, style, patches[index], inference)
            picture = heatmap.colour_png(patches[index], heat)
            heatmaps.append(Heatmap(self._bundle.recipe.patches[index], style, picture))
        return tuple(heatmaps)

    def _heat(
        self, index: int, style: HeatmapStyle, patch: NDArray[np.uint8], inference: Inference
    ) -> NDArray[np.float32]:
        """Return the heat of one patch, float32 [P, P]: the paper's, or what the score is made of."""
        redrawn = inference.reconstructions[index]
        if style is HeatmapStyle.MINMAX:
            return heatmap.minmax(patch, redrawn)
        threshold = self._bundle.thresholds[self._bundle.recipe.patches[index].region]
        if inference.anomaly_maps is not None:
            return heatmap.mapped(inference.anomaly_maps[index], threshold, len(patch))
        return heatmap.anchored(patch, redrawn, threshold)


def _asked(which: HeatmapWhich, judgement: Judgement, patch_count: int) -> tuple[int, ...]:
    """Return the patches to render, rejected ones first: they matter most when time runs out."""
    if which is HeatmapWhich.NONE:
        return ()
    first = judgement.rejected_patches
    rest = set(range(patch_count)) - set(first) if which is HeatmapWhich.ALL else set()
    return (*first, *sorted(rest))


@dataclass(frozen=True)
class ChallengeResult:
    """How well an engine reproduces a bundle's challenge set. `tolerance` is that of the bundle."""

    strips: int
    max_score_error: float
    tolerance: float


def challenge(engine: Engine, bundle: Bundle) -> ChallengeResult:
    """Score the bundle's challenge set on `engine`; the image checks have no part in it.

    Raises ChallengeError when a score is off by more than the bundle's tolerance or a verdict differs.
    """
    # A machine that sends no PNG still has its challenge set in PNG.
    frame = bundle.recipe.frame.model_copy(update={"pixel_formats": (PixelFormat.PNG,)})
    recipe = bundle.recipe.model_copy(update={"frame": frame})
    largest = 0.0
    for strip in bundle.challenge:
        scores = engine.infer(crop(decode_strip(strip.frames, recipe), recipe)).scores
        error = float(np.abs(scores - strip.scores).max())
        if not error <= bundle.tolerance:  # asked so that NaN fails
            raise _failed(strip.name, f"scores within {bundle.tolerance:g}", f"an error of {error:.6f}")
        verdict = judge(scores, bundle.thresholds, recipe).verdict
        if verdict is not strip.verdict:
            raise _failed(strip.name, str(strip.verdict), str(verdict))
        largest = max(largest, error)
    return ChallengeResult(len(bundle.challenge), largest, bundle.tolerance)


def _failed(strip: str, expected: str, found: str) -> ChallengeError:
    return ChallengeError(
        f"challenge strip {strip}: expected {expected}, found {found}",
        strip=strip,
        expected=expected,
        found=found,
    )
