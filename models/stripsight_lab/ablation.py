"""Scores that were tried: each a function of patch, reconstruction and anomaly map. Pure.

One of them is in the graph; the others are rows of the ablation table, made on the tuning kit with one trained network.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight.heatmap import anomaly_map
from stripsight_lab.evaluate import auroc
from stripsight_lab.tune import FalseReject, region_maxima, tune

Floats = NDArray[np.float64]
WINDOW = 9
"""Side of the window of a local mean, px: about the size of the smallest defect that a person sees."""


@dataclass(frozen=True, eq=False)
class Redrawn:
    """One acquisition: N patches in frame, vial, region order, and what a graph made of them."""

    patches: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    maps: NDArray[np.float32] | None
    """[N, M, M], not fused."""
    frames: int

    @cached_property
    def dissimilarity(self) -> list[NDArray[np.float32]]:
        """1 - SSIM at each place of the window, a map for each patch."""
        return [anomaly_map(x, y) for x, y in zip(self.patches, self.reconstructions, strict=True)]

    def by_frame(self, scores: NDArray[Any]) -> Floats:
        """[N, ...] -> [frames, vials x regions, ...]."""
        each: Floats = scores.reshape(self.frames, -1, *scores.shape[1:]).astype(np.float64)
        return each


def mean_ssim(seen: Redrawn) -> Floats:
    """Mean of 1 - SSIM (the paper's eq. 9)."""
    return np.array([float(found.mean()) for found in seen.dissimilarity])


def local_ssim(seen: Redrawn) -> Floats:
    """Largest local mean of 1 - SSIM."""
    return np.array([float(cv2.blur(found, (WINDOW, WINDOW)).max()) for found in seen.dissimilarity])


def local_difference(seen: Redrawn) -> Floats:
    """Largest local mean of the difference, either way: noise cancels, a stain does not."""
    pairs = zip(seen.patches, seen.reconstructions, strict=True)
    means = (cv2.blur(x.astype(np.float32) - y, (WINDOW, WINDOW)) for x, y in pairs)
    return np.array([float(np.abs(found).max()) for found in means])


def largest_of_map(seen: Redrawn) -> Floats:
    """Largest value of the anomaly map."""
    return np.asarray(_maps(seen).max(axis=(1, 2)), np.float64)


def fused_map(gain: float) -> Callable[[Redrawn], Floats]:
    """The same of max(map, gain * mean over the frames)."""

    def score(seen: Redrawn) -> Floats:
        each = seen.by_frame(_maps(seen))
        fused: Floats = np.maximum(each, gain * each.mean(axis=0)).max(axis=(2, 3)).reshape(-1)
        return fused

    return score


def median_of_map(seen: Redrawn) -> Floats:
    """Largest value of the maps' median over the frames: what moves is lost."""
    each = seen.by_frame(_maps(seen))
    return np.tile(np.median(each, axis=0).max(axis=(1, 2)), seen.frames)


def median_over_frames(score: Callable[[Redrawn], Floats]) -> Callable[[Redrawn], Floats]:
    """A patch's score is the median over the frames."""
    return lambda seen: np.tile(np.median(seen.by_frame(score(seen)), axis=0), seen.frames)


LINEAR: Mapping[str, Callable[[Redrawn], Floats]] = {
    "linear, mean 1 - SSIM": mean_ssim,
    "linear, mean 1 - SSIM, median over frames": median_over_frames(mean_ssim),
    "linear, local 1 - SSIM": local_ssim,
    "linear, local difference": local_difference,
}
REFINED: Mapping[str, Callable[[Redrawn], Floats]] = {
    "refined, mean 1 - SSIM (the paper's score)": mean_ssim,
    "refined, mean 1 - SSIM, median over frames": median_over_frames(mean_ssim),
    "refined, local 1 - SSIM": local_ssim,
    "refined, local difference": local_difference,
    "refined, local difference, median over frames": median_over_frames(local_difference),
    "segmenter's map": largest_of_map,
    "map, median over frames": median_of_map,
    "map, fused with gain 1.5": fused_map(1.5),
    "map, fused with gain 2": fused_map(2.0),
    "map, fused with gain 2.5": fused_map(2.5),
}


@dataclass(frozen=True)
class Row:
    """One score on the tuning kit: detection where at most 1 % and 3 % of the good are rejected, by kind at 3 %."""

    name: str
    auroc: float
    at_1: float
    at_3: float
    by_kind: dict[str, float]


def row(name: str, scores: Floats, kinds: list[str], regions: int) -> Row:
    """Count one score [S, N] of a kit whose defects are `kinds` [S], "" for good."""
    kind = np.array(kinds)
    defective, maxima = kind != "", region_maxima(scores, regions)
    at_1, at_3 = (tune(scores, defective, regions, FalseReject(target=target)).thresholds for target in (0.01, 0.03))
    margins = (maxima / at_1).max(axis=1)
    found_1, found_3 = (np.asarray((maxima >= limits).any(axis=1)) for limits in (at_1, at_3))
    return Row(
        name=name,
        auroc=float(auroc(margins[~defective], margins[defective]) or np.nan),
        at_1=float(found_1[defective].mean()),
        at_3=float(found_3[defective].mean()),
        by_kind={name: float(found_3[kind == name].mean()) for name in sorted(set(kinds) - {""})},
    )


def _maps(seen: Redrawn) -> NDArray[np.float32]:
    if seen.maps is None:
        raise ValueError("anomaly maps: expected a graph that gives them, found none")
    return seen.maps
