"""Every figure of one bundle on one kit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.evaluate.curve import FixedPoint, RocCurve, auroc, auroc_interval, fixed_points, roc
from stripsight_lab.evaluate.judged import Judged, judged
from stripsight_lab.evaluate.patches import PatchTable, patch_table
from stripsight_lab.evaluate.pixels import ProCurve
from stripsight_lab.evaluate.runs import RunTable, run_table
from stripsight_lab.evaluate.severity import KindFigures, kind_figures
from stripsight_lab.tune.maxima import Bools, Floats
from stripsight_lab.tune.rates import Rate

POLICY = (7, 10)


@dataclass(frozen=True)
class InferenceTime:
    """How long the graph took for a strip, over `strips` of them."""

    strips: int
    mean_s: float
    max_s: float


@dataclass(frozen=True)
class Evaluation:
    """Figures of one bundle on one kit, a strip being rejected when any patch reaches its threshold.

    `detection`, `false_reject` and `accuracy` are the paper's Table 2, in acquisitions; `patches` its Table 1; `runs`
    its Table 3, None where products were not acquired as often as the policy says. Areas are None where a class is
    missing. Plain numbers, strings and sequences throughout: `asdict` gives what JSON can hold.
    """

    products: int
    acquisitions: int
    thresholds: tuple[float, ...]
    detection: Rate
    false_reject: Rate
    accuracy: Rate
    patches: PatchTable
    runs: RunTable | None
    all_kinds: KindFigures
    kinds: tuple[KindFigures, ...]
    auroc: float | None
    auroc_interval: tuple[float, float] | None
    roc: RocCurve
    fixed: tuple[FixedPoint, ...]
    aupro: float | None
    pixel_auroc: float | None
    time: InferenceTime | None

    @property
    def by_kind(self) -> dict[str, Rate]:
        """Detection rate of each kind of defect."""
        return {figures.kind: figures.detection for figures in self.kinds}

    @property
    def by_severity(self) -> dict[str, Rate]:
        """Detection rate of each band of severity, all kinds together."""
        return self.all_kinds.by_severity


def evaluate(
    scores: Floats,
    kinds: Sequence[str],
    severities: Floats,
    thresholds: Sequence[float],
    *,
    units: Sequence[str] | None = None,
    truth: Bools | None = None,
    vials: int = 1,
    regions: Sequence[str] | None = None,
    policy: tuple[int, int] = POLICY,
    seconds: Sequence[float] = (),
    pixels: ProCurve | None = None,
) -> Evaluation:
    """Judge `scores` [S, N] in frame, vial, region order.

    `kinds` [S] names each acquisition's defect ("" for good), `severities` [S] in (0, 1], NaN where not graded.
    `units` [S] names the product; without it each acquisition is one. `truth` bool [S, N] says which patches hold
    defect pixels. `vials` and `regions` (names, R0 .. by default) split N. `policy`: reject a product when so many of
    so many runs do. `seconds`: inference time of each strip. `pixels`: the anomaly maps, counted.
    Raises ValueError where shapes do not agree.
    """
    kit = judged(scores, kinds, severities, thresholds, units)
    names = [f"R{r}" for r in range(len(thresholds))] if regions is None else regions
    margins, defective = kit.margins, kit.defective
    return Evaluation(
        products=len(np.unique(kit.units)),
        acquisitions=len(scores),
        thresholds=tuple(float(threshold) for threshold in thresholds),
        detection=kit.rate(defective),
        false_reject=kit.rate(~defective),
        accuracy=kit.accuracy,
        patches=patch_table(kit, truth, vials, names),
        runs=run_table(kit, *policy) if (np.bincount(kit.units) == policy[1]).all() else None,
        all_kinds=kind_figures(kit, "all kinds", defective),
        kinds=_kinds(kit),
        auroc=auroc(margins[~defective], margins[defective]),
        auroc_interval=auroc_interval(kit),
        roc=roc(kit),
        fixed=fixed_points(kit),
        aupro=pixels.aupro() if pixels else None,
        pixel_auroc=pixels.pixel_auroc() if pixels else None,
        time=InferenceTime(len(seconds), float(np.mean(seconds)), float(np.max(seconds))) if len(seconds) else None,
    )


def _kinds(kit: Judged) -> tuple[KindFigures, ...]:
    names = sorted({str(kind) for kind in kit.kinds} - {""})
    return tuple(kind_figures(kit, name, kit.kinds == name) for name in names)
