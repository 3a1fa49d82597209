"""The units that the report shows in pictures: every miss, every false reject, some hits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from stripsight.heatmap import Heat, anchored, mapped
from stripsight.recipe import Recipe
from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.pictures import Image, Pictures, pictures
from stripsight_lab.qualify.units import UnitResult
from stripsight_lab.tune.maxima import Floats

_MOSTLY = 0.5  # of the largest part of a defect that one patch shows: then that patch stands for the defect


@dataclass(frozen=True, eq=False)
class Look:
    """One acquisition again, N patches in frame, vial, region order."""

    patches: Image
    """[N, P, P]"""
    reconstructions: Image
    """[N, P, P]"""
    masks: Image | None
    """[N, P, P], above 0 where the defect shows; None where nobody knows."""
    anomaly_maps: NDArray[np.float32] | None = None
    """[N, M, M] of a graph that gives maps, whose largest value is the score; else None."""

    def heat(self, index: int, threshold: float) -> Heat:
        """What the service shows of one patch, float32 [P, P]."""
        patch = self.patches[index]
        if self.anomaly_maps is not None:
            return mapped(self.anomaly_maps[index], threshold)
        return anchored(patch, self.reconstructions[index], threshold)


@dataclass(frozen=True)
class Pane:
    """One patch of a shown unit. `ratio` is score / threshold: rejected unless below 1."""

    title: str
    vial: str
    region: str
    frame: int
    score: float
    threshold: float
    ratio: float
    pictures: Pictures


@dataclass(frozen=True)
class Shown:
    """One unit in pictures, in one of its runs. `note` says what the pictures cannot."""

    unit: UnitResult
    run: int
    note: str
    panes: tuple[Pane, ...]


@dataclass(frozen=True)
class Gallery:
    """Where pictures of a kit come from. `thresholds` are [R], in the recipe's order."""

    kit: KitScores
    recipe: Recipe
    thresholds: Sequence[float]
    look: Callable[[str, int], Look]

    def show_all(self, units: Sequence[UnitResult]) -> tuple[Shown, ...]:
        """Show each of `units`, with a progress bar."""
        return tuple(self.show(unit) for unit in track(units, "picture units", disable=not units))

    def show(self, unit: UnitResult) -> Shown:
        """Look at a unit again, once, in the run whose verdict is the most wrong."""
        run = unit.shown_run
        scores, look = self.kit.scores[self._rows[unit.unit_id, run]], self.look(unit.unit_id, run)
        chosen, note = _chosen(scores / self._limits, look.masks if unit.kind else None)
        return Shown(unit, run, note, tuple(self._pane(look, scores, place, title) for place, title in chosen))

    @cached_property
    def _rows(self) -> dict[tuple[str, int], int]:
        pairs = zip(self.kit.unit_ids, self.kit.runs.tolist(), strict=True)
        return {pair: row for row, pair in enumerate(pairs)}

    @cached_property
    def _limits(self) -> Floats:
        return np.resize(np.asarray(self.thresholds, np.float64), self.recipe.patch_count)

    def _pane(self, look: Look, scores: Floats, index: int, title: str) -> Pane:
        place, limit = self.recipe.patches[index], float(self._limits[index])
        patch, reconstruction = look.patches[index], look.reconstructions[index]
        mask = None if look.masks is None else look.masks[index]
        return Pane(
            title=title,
            vial=place.vial,
            region=place.region,
            frame=place.frame,
            score=float(scores[index]),
            threshold=limit,
            ratio=float(scores[index]) / limit,
            pictures=pictures(patch, reconstruction, look.heat(index, limit), mask),
        )


def _chosen(ratios: Floats, masks: Image | None) -> tuple[list[tuple[int, str]], str]:
    """The patches to show, each with its title, and a note: the highest score, and the defect if it is elsewhere."""
    worst = int(np.nan_to_num(ratios, nan=np.inf).argmax())
    top = (worst, "highest score of all patches")
    if masks is None:
        return [top], ""
    shown = (masks > 0).sum(axis=(1, 2))
    if not shown.any():
        return [top], "In this run the defect shows in no inspected patch."
    if shown[worst] >= _MOSTLY * shown.max():
        return [(worst, "highest score, and there the defect is")], ""
    return [(int(shown.argmax()), "where the defect is"), top], ""
