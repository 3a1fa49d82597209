"""How well anomaly maps show where a defect is: AUPRO (Bergmann et al. 2021) and the pixels' AUROC.

Per-region overlap (PRO) at a level is the share of a defect's pixels at or above it, averaged over defects, that is
over 8-connected components of the masks. AUPRO is the area under PRO against the share of good pixels at or above the
level, up to a limit and over it. Maps are streamed: a kit has more pixels than memory, so scores are counted in bins.
A defect that two patches cut is a component in each.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stripsight_lab.tune.maxima import Bools, Floats


@dataclass(frozen=True)
class ScoreBins:
    """Bins of equal ratio from `low` to `high`, both above 0; what is below or above falls in the first or last.

    The default suits 1 - SSIM, 0 .. 2: neighbours differ by 0.15 %. Scores in one bin count as equal.
    """

    low: float = 1e-6
    high: float = 2.0
    count: int = 10_000

    def place(self, scores: NDArray[np.float32]) -> NDArray[np.intp]:
        """The bin of each score, flat; one that is not a number counts as the highest."""
        scale = self.count / np.log(self.high / self.low)
        safe = np.nan_to_num(scores.ravel(), nan=self.high, posinf=self.high)
        found = np.floor(np.log(np.maximum(safe, self.low) / self.low) * scale)
        places: NDArray[np.intp] = np.minimum(found, self.count - 1).astype(np.intp)
        return places


class ProCurve:
    """Counts maps and their masks one by one; curves and areas at any time."""

    def __init__(self, bins: ScoreBins | None = None) -> None:
        """Start with nothing."""
        self.bins = bins or ScoreBins()
        self.components = 0
        self._good: Floats = np.zeros(self.bins.count)
        self._defective: Floats = np.zeros(self.bins.count)
        self._overlap: Floats = np.zeros(self.bins.count)  # each component's pixels weigh 1 together

    def add(self, anomaly_map: NDArray[np.float32], mask: Bools) -> None:
        """Count one map, float32 [h, w], higher is more anomalous; `mask` bool [h, w] is true on the defect.

        Raises ValueError where shapes differ.
        """
        if anomaly_map.shape != mask.shape or mask.ndim != 2:
            raise ValueError(f"mask: expected [h, w] as the map {list(anomaly_map.shape)}, found {list(mask.shape)}")
        place, flat = self.bins.place(anomaly_map), mask.ravel()
        self._good += np.bincount(place[~flat], minlength=self.bins.count)
        if not flat.any():
            return
        found, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        component, size = labels.ravel()[flat], np.bincount(labels.ravel(), minlength=found)
        self._defective += np.bincount(place[flat], minlength=self.bins.count)
        self._overlap += np.bincount(place[flat], 1 / size[component], self.bins.count)
        self.components += found - 1  # label 0 is what is not on the mask

    def merge(self, other: "ProCurve") -> None:
        """Add what another curve of the same bins has counted. Raises ValueError where bins differ."""
        if self.bins != other.bins:
            raise ValueError(f"bins: expected {self.bins}, found {other.bins}")
        self.components += other.components
        self._good += other._good
        self._defective += other._defective
        self._overlap += other._overlap

    def aupro(self, limit: float = 0.3) -> float | None:
        """Area under PRO up to a false-positive share of `limit`, over `limit`: 0 .. 1; None without both classes."""
        from sklearn.metrics import auc

        if not (self.components and self._good.any()):
            return None
        false, overlap = _from_the_top(self._good), _from_the_top(self._overlap)
        inside = false <= limit
        end = np.interp(limit, false, overlap)
        return float(auc(np.append(false[inside], limit), np.append(overlap[inside], end)) / limit)

    def pixel_auroc(self) -> float | None:
        """Probability that a defect's pixel is above a good one, equals counted half; None without both classes."""
        from sklearn.metrics import auc

        if not (self._defective.any() and self._good.any()):
            return None
        return float(auc(_from_the_top(self._good), _from_the_top(self._defective)))


def _from_the_top(counts: Floats) -> Floats:
    """The share of `counts` [B] at or above each bin, from none to all: [B + 1], rising."""
    summed = np.concatenate([[0.0], np.cumsum(counts[::-1])])
    shares: Floats = summed / summed[-1]
    return shares
