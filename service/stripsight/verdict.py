"""Scores and thresholds to a verdict, with the margins and causes behind it (the paper's eq. 13). Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stripsight.errors import BundleThresholdsError, ScoresError
from stripsight.recipe import Recipe


class Verdict(StrEnum):
    """The answer for a strip."""

    REJECT = "REJECT"
    ACCEPT = "ACCEPT"


class Cause(StrEnum):
    """Why a strip is rejected. A closed list."""

    ANOMALY = "ANOMALY"
    IMAGE_QUALITY = "IMAGE_QUALITY"
    STRIP_NOT_FOUND = "STRIP_NOT_FOUND"
    LATE = "LATE"
    NON_FINITE_SCORE = "NON_FINITE_SCORE"
    RECORD_FAILED = "RECORD_FAILED"


@dataclass(frozen=True)
class Thresholds:
    """One threshold per region name; a score must be below it. Each is finite and above 0."""

    values: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse a threshold that is no limit: raises BundleThresholdsError."""
        for region, value in self.values.items():
            if not (math.isfinite(value) and value > 0):
                raise BundleThresholdsError(
                    f"threshold of region {region}: expected a finite number above 0, found {value}",
                    field=f"regions.{region}.threshold",
                    found=value,
                )

    def __getitem__(self, region: str) -> float:
        """Return the threshold of `region`."""
        return self.values[region]


@dataclass(frozen=True)
class RegionResult:
    """The worst patch of one region of one vial. `frame` is the index of the frame that decided."""

    vial: str
    region: str
    score: float
    threshold: float
    frame: int

    @property
    def margin(self) -> float:
        """How far the score stays below the threshold; negative when rejected, NaN for a NaN score."""
        return self.threshold - self.score

    @property
    def accepted(self) -> bool:
        """True only for a finite score below the threshold."""
        return math.isfinite(self.score) and self.score < self.threshold

    @property
    def strain(self) -> float:
        """score / threshold, so that regions compare; infinite for a score that is not finite."""
        return self.score / self.threshold if math.isfinite(self.score) else math.inf


@dataclass(frozen=True)
class VialResult:
    """One vial's regions, in the recipe's order."""

    vial: str
    regions: tuple[RegionResult, ...]

    @property
    def accepted(self) -> bool:
        """True only if every region is accepted."""
        return all(region.accepted for region in self.regions)


@dataclass(frozen=True)
class Judgement:
    """A verdict with its causes.

    `vials` is empty when the strip was rejected without scores. `rejected_patches` are positions in the batch
    (0 .. N-1), ascending. `scores` are those of all patches, in frame, vial, region order.
    """

    verdict: Verdict
    causes: tuple[Cause, ...]
    vials: tuple[VialResult, ...] = ()
    rejected_patches: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()

    def and_rejected(self, *causes: Cause) -> "Judgement":
        """Return this judgement turned to REJECT with `causes` added; scores and margins stay."""
        every = {*self.causes, *causes}
        return replace(self, verdict=Verdict.REJECT, causes=tuple(c for c in Cause if c in every))


def rejected(*causes: Cause) -> Judgement:
    """Return a REJECT for `causes` without scores."""
    return Judgement(Verdict.REJECT, ()).and_rejected(*causes)


def judge(scores: NDArray[np.float32], thresholds: Thresholds, recipe: Recipe) -> Judgement:
    """Judge a strip by the scores of its patches.

    `scores` is float32 [N] in frame, vial, region order. Raises ScoresError for another count, shape or type.
    """
    _check_scores(scores, recipe)
    limits = np.array([thresholds[place.region] for place in recipe.patches])
    # An accept is earned: asked this way round, NaN fails. `score >= limit` would let it through.
    accepted = np.isfinite(scores) & (scores < limits)
    causes = causes_of(scores[~accepted].tolist())
    passed = Judgement(Verdict.ACCEPT, (), _vials(scores, thresholds, recipe), scores=tuple(scores.tolist()))
    if accepted.all():
        return passed
    patches = tuple(int(index) for index in np.flatnonzero(~accepted))
    return replace(passed.and_rejected(*causes), rejected_patches=patches)


def rejected_regions(
    scores: NDArray[np.float32], frame: int, thresholds: Thresholds, recipe: Recipe
) -> tuple[RegionResult, ...]:
    """Return the regions that one frame rejects by itself, the one furthest past its threshold first.

    `scores` is float32 [B] in vial, region order, `frame` the frame's index. A strip with any is a reject, since no
    patch's final score is below the one that its frame gave it.
    """
    places = zip(recipe.patches[: recipe.patches_per_frame], scores, strict=True)
    every = (RegionResult(p.vial, p.region, float(score), thresholds[p.region], frame) for p, score in places)
    return tuple(sorted((one for one in every if not one.accepted), key=lambda one: -one.strain))


def causes_of(scores: Iterable[float]) -> tuple[Cause, ...]:
    """Return the causes that scores which are not accepted reject a strip for."""
    found = {Cause.ANOMALY if math.isfinite(score) else Cause.NON_FINITE_SCORE for score in scores}
    return tuple(cause for cause in Cause if cause in found)


def _check_scores(scores: NDArray[np.float32], recipe: Recipe) -> None:
    expected, found = f"float32 [{recipe.patch_count}]", f"{scores.dtype} {list(scores.shape)}"
    if expected != found:
        raise ScoresError(f"scores: expected {expected}, found {found}", expected=expected, found=found)


def _vials(scores: NDArray[np.float32], thresholds: Thresholds, recipe: Recipe) -> tuple[VialResult, ...]:
    vials, regions = [vial.name for vial in recipe.vials], [region.name for region in recipe.regions]
    return worst_of_frames(scores.tolist(), recipe.frame.indices, vials, {name: thresholds[name] for name in regions})


def worst_of_frames(
    scores: Sequence[float], frames: Sequence[int], vials: Sequence[str], thresholds: Mapping[str, float]
) -> tuple[VialResult, ...]:
    """Return each region's worst patch over the frames (eq. 13).

    `scores` are in frame, vial, region order; `frames` are indices and `thresholds` in the order of the regions.
    """
    by_frame = np.array(scores).reshape(len(frames), len(vials), len(thresholds))
    # A score that is not a number is the worst there is.
    worst = np.where(np.isfinite(by_frame), by_frame, np.inf).argmax(axis=0)
    return tuple(
        VialResult(
            vial,
            tuple(
                RegionResult(
                    vial=vial,
                    region=region,
                    score=float(by_frame[worst[v, r], v, r]),
                    threshold=threshold,
                    frame=frames[worst[v, r]],
                )
                for r, (region, threshold) in enumerate(thresholds.items())
            ),
        )
        for v, vial in enumerate(vials)
    )
