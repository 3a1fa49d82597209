"""The paper's Table 1: each patch, by region, and each vial.

In a defective strip only a patch that shows the defect is defective, by the truth masks. Its other patches are
neither: the defect's shadow or light may reach them. They are left out of both rates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.evaluate.curve import auroc
from stripsight_lab.evaluate.judged import Judged
from stripsight_lab.tune.maxima import Bools, Floats
from stripsight_lab.tune.rates import Rate, rate


@dataclass(frozen=True)
class PlaceFigures:
    """A row: one region's patches over all frames and vials, or all vials. `threshold` is None for a vial.

    A vial is one vial of one acquisition, rejected when any of its patches is in any frame. `auroc` is that of the
    score, a vial's the largest over its threshold; None unless there are good and defective ones.
    """

    name: str
    threshold: float | None
    detection: Rate
    false_reject: Rate
    accuracy: Rate
    auroc: float | None


@dataclass(frozen=True)
class PatchTable:
    """Table 1; `left_out` counts the patches of defective strips that show no defect, or whose truth is unknown."""

    regions: tuple[PlaceFigures, ...]
    vial: PlaceFigures
    left_out: int


def patch_table(kit: Judged, truth: Bools | None, vials: int, names: Sequence[str]) -> PatchTable:
    """Count by region and by vial. `truth` bool [S, N]: which patches hold defect pixels, None where not known.

    `names` are the R regions'. A strip of one patch shows its defect there, known or not. Raises ValueError where
    shapes do not agree, or a good strip shows a defect.
    """
    shape = (len(kit.scores), -1, vials, len(names))
    shown = _only_patch(kit) if truth is None else truth
    _check(kit, shown, vials, names)
    scores = kit.scores.reshape(shape) / kit.thresholds
    rejected, shows = kit.rejected_patches.reshape(shape), shown.reshape(shape)
    rows = tuple(
        PlaceFigures(name, float(limit), *_figures(kit, scores[..., r], rejected[..., r], shows[..., r]))
        for r, (name, limit) in enumerate(zip(names, kit.thresholds, strict=True))
    )
    of_vial = (1, 3)  # frames and regions
    whole = scores.max(of_vial), np.asarray(rejected.any(of_vial)), np.asarray(shows.any(of_vial))
    vial = PlaceFigures("vial", None, *_figures(kit, *whole))
    return PatchTable(rows, vial, int((~shown[kit.defective]).sum()))


def _only_patch(kit: Judged) -> Bools:
    defective = kit.defective[:, None] & (kit.scores.shape[1] == 1)
    return np.broadcast_to(defective, kit.scores.shape)


def _check(kit: Judged, shown: Bools, vials: int, names: Sequence[str]) -> None:
    regions, patches = len(kit.thresholds), kit.scores.shape[1]
    if len(names) != regions or patches % (vials * regions):
        expected = f"{regions} regions that with the vials divide {patches} patches"
        raise ValueError(f"places: expected {expected}, found {len(names)} regions and {vials} vials")
    if shown.shape != kit.scores.shape:
        raise ValueError(f"truth of patches: expected {list(kit.scores.shape)}, found {list(shown.shape)}")
    if shown[~kit.defective].any():
        wrong = int(shown[~kit.defective].any(axis=1).sum())
        raise ValueError(f"truth of patches: expected no defect in good strips, found it in {wrong}")


def _figures(kit: Judged, scores: Floats, rejected: Bools, shows: Bools) -> tuple[Rate, Rate, Rate, float | None]:
    """Detection, false rejects, accuracy and AUROC from arrays [S, ...] of one shape."""
    rows = len(kit.units)
    scores, rejected, shows = scores.reshape(rows, -1), rejected.reshape(rows, -1), shows.reshape(rows, -1)
    good = np.broadcast_to(~kit.defective[:, None], shows.shape)
    return (
        rate(rejected, shows, kit.units),
        rate(rejected, good, kit.units),
        rate(rejected == shows, shows | good, kit.units),
        auroc(scores[good], scores[shows]),
    )
