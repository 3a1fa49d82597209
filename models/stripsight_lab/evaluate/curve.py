"""Good against defective without a threshold: ROC, its area, and what is found at a fixed false-reject rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.evaluate.judged import Judged
from stripsight_lab.tune.ladder import allowed
from stripsight_lab.tune.maxima import Floats, Ints, as_worst
from stripsight_lab.tune.rates import Rate, resampled

FIXED = (0.01, 0.05)


@dataclass(frozen=True)
class RocCurve:
    """Corners of the ROC curve, from reject-nothing to reject-all; empty unless both classes are there."""

    false_reject: tuple[float, ...]
    detection: tuple[float, ...]


@dataclass(frozen=True)
class FixedPoint:
    """What is found when every threshold is multiplied by `scale`, so that at most `target` of the good are rejected.

    The scale comes from the kit that is reported on: it compares graphs, and promises nothing. None where scores that
    are not finite alone reject more than the target.
    """

    target: float
    scale: float | None
    false_reject: Rate
    detection: Rate


def _finite(scores: Floats) -> Floats:
    """Scores that are not finite as the largest number: they rank above all others, and scikit-learn takes them."""
    return np.minimum(as_worst(scores), np.finfo(np.float64).max)


def auroc(good: Floats, defective: Floats) -> float | None:
    """Probability that a defective one scores above a good one, ties counted half; None unless there are both."""
    from sklearn.metrics import roc_auc_score

    if not (good.size and defective.size):
        return None
    truth = np.repeat([0, 1], [good.size, defective.size])
    return float(roc_auc_score(truth, _finite(np.concatenate([good, defective]))))


def auroc_interval(kit: Judged) -> tuple[float, float] | None:
    """95 % interval of the strips' AUROC: cluster bootstrap, good and defective products drawn apart.

    None unless there are both, and where they do not overlap: no resample then differs from another.
    """
    defective, margins = kit.defective, kit.margins
    if defective.all() or not defective.any():
        return None
    good, bad = margins[~defective], margins[defective]
    wins = (bad > good[:, None]) + 0.5 * (bad == good[:, None])  # [good, defective] acquisitions
    good_units, bad_units = _one_hot(kit.units[~defective]), _one_hot(kit.units[defective])
    left, right = resampled(good_units.shape[0]), resampled(bad_units.shape[0], seed=2)
    won = ((left @ (good_units @ wins @ bad_units.T)) * right).sum(axis=1)
    pairs = (left @ good_units.sum(axis=1)) * (right @ bad_units.sum(axis=1))
    low, high = np.quantile(won / pairs, (0.025, 0.975))
    return (float(low), float(high)) if high > low else None


def _one_hot(units: Ints) -> Floats:
    """Which acquisitions [S] belong to which unit: float64 [U, S]."""
    belongs: Floats = (np.unique(units)[:, None] == units).astype(np.float64)
    return belongs


def roc(kit: Judged) -> RocCurve:
    """The ROC curve of the strips' largest score over threshold."""
    from sklearn.metrics import roc_curve

    if kit.defective.all() or not kit.defective.any():
        return RocCurve((), ())
    false_reject, detection, _ = roc_curve(kit.defective, _finite(kit.margins))
    return RocCurve(tuple(false_reject.tolist()), tuple(detection.tolist()))


def fixed_points(kit: Judged, targets: Sequence[float] = FIXED) -> tuple[FixedPoint, ...]:
    """Detection at each false-reject rate; none without good strips."""
    return tuple(_fixed_point(kit, target) for target in targets) if not kit.defective.all() else ()


def _fixed_point(kit: Judged, target: float) -> FixedPoint:
    ranked = -np.sort(-kit.margins[~kit.defective])
    cut = ranked[allowed(target, len(ranked))]  # the largest good one that must pass
    rejected = (kit.margins > cut) | np.isinf(kit.margins)
    false_reject, detection = (kit.rate(which, rejected) for which in (~kit.defective, kit.defective))
    return FixedPoint(target, float(cut) if np.isfinite(cut) else None, false_reject, detection)
