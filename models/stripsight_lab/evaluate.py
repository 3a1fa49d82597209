"""How good a bundle is on a kit it has never seen. Pure: scores and thresholds in, counts and rates out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stripsight_lab.tune import Floats, region_maxima


@dataclass(frozen=True)
class Rate:
    """A count out of a total, never without both."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """hits / total; NaN of nothing."""
        return self.hits / self.total if self.total else float("nan")

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval (Wilson 1927); (0, 1) of nothing."""
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.959964, self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return float(max(0.0, middle - half)), float(min(1.0, middle + half))

    def __str__(self) -> str:
        """For example `135/141 = 0.957 (0.910 to 0.980)`, or `none` of nothing."""
        if not self.total:
            return "none"
        low, high = self.interval()
        return f"{self.hits}/{self.total} = {self.value:.3f} ({low:.3f} to {high:.3f})"


@dataclass(frozen=True)
class Evaluation:
    """Figures of one bundle on one kit, a strip being rejected when any patch reaches its threshold."""

    detection: Rate
    false_reject: Rate
    auroc: float
    by_kind: dict[str, Rate]
    by_severity: dict[str, Rate]


def auroc(good: Floats, defective: Floats) -> float:
    """Probability that a defective strip scores above a good one (Mann-Whitney), ties counted half."""
    above = (defective[:, None] > good[None, :]).mean() + 0.5 * (defective[:, None] == good[None, :]).mean()
    return float(above)


def evaluate(scores: Floats, kinds: list[str], severities: Floats, thresholds: tuple[float, ...]) -> Evaluation:
    """Judge `scores` [S, N]; `kinds` names each strip's defect ("" for good), `severities` [S] in (0, 1]."""
    margin = (region_maxima(scores, len(thresholds)) / np.array(thresholds)).max(axis=1)
    kind = np.array(kinds)
    rejected: NDArray[np.bool_] = margin >= 1
    defective = kind != ""

    def rate(which: NDArray[np.bool_]) -> Rate:
        return Rate(int((rejected & which).sum()), int(which.sum()))

    edges = ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0))
    return Evaluation(
        detection=rate(defective),
        false_reject=rate(~defective),
        auroc=auroc(margin[~defective], margin[defective]),
        by_kind={name: rate(kind == name) for name in sorted(set(kinds) - {""})},
        by_severity={
            f"{low:.2f} to {high:.2f}": rate(defective & (severities > low) & (severities <= high))
            for low, high in edges
        },
    )
