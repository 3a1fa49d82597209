"""A kit's acquisitions gathered by unit: how often each was rejected, and which run shows the error best. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.inspections import Inspections
from stripsight_lab.tune.maxima import Bools


@dataclass(frozen=True)
class UnitResult:
    """One unit of the kit over its runs. `kind` is "" for a good unit; `severity` 0 for good, NaN where not graded."""

    unit_id: str
    kind: str
    severity: float
    runs: tuple[int, ...]
    ratios: tuple[float, ...]
    """Largest score / threshold of each run: rejected unless below 1."""
    rejections: tuple[bool, ...]

    @property
    def rejected(self) -> int:
        """Runs that rejected it."""
        return sum(self.rejections)

    @property
    def wrong(self) -> int:
        """Runs with the wrong verdict: accepted though defective, or rejected though good."""
        return len(self.runs) - self.rejected if self.kind else self.rejected

    @property
    def shown_run(self) -> int:
        """The run whose verdict is the most wrong: the least suspicion of a defective unit, the most of a good one."""
        ratios = np.nan_to_num(self.ratios, nan=np.inf, posinf=np.inf)
        return self.runs[int(ratios.argmin() if self.kind else ratios.argmax())]


def by_unit(kit: KitScores, thresholds: Sequence[float]) -> list[UnitResult]:
    """Judge every acquisition with the thresholds [R] and gather the runs of each unit, in the kit's order.

    ValueError for scores whose count is no multiple of the thresholds'.
    """
    limits, patches = np.asarray(thresholds, np.float64), kit.scores.shape[1]
    if patches % len(limits):
        raise ValueError(f"scores: expected a multiple of {len(limits)} thresholds, found {patches}")
    limits = np.resize(limits, patches)
    accepted: Bools = np.all(kit.scores < limits, axis=1)  # an accept is earned: NaN is none
    ratios = (kit.scores / limits).max(axis=1)
    rows: dict[str, list[int]] = {}
    for row, unit in enumerate(kit.unit_ids):
        rows.setdefault(unit, []).append(row)
    return [
        UnitResult(
            unit_id=unit,
            kind=kit.kinds[own[0]],
            severity=float(kit.severities[own[0]]),
            runs=tuple(int(kit.runs[row]) for row in own),
            ratios=tuple(float(ratios[row]) for row in own),
            rejections=tuple(not accepted[row] for row in own),
        )
        for unit, own in rows.items()
    ]


def machine_inspections(units: Iterable[UnitResult]) -> Inspections:
    """The machine's part of the Knapp-Kushner procedure: each run is an inspection."""
    units = list(units)
    rejected, inspected = ([unit.rejected for unit in units], [len(unit.runs) for unit in units])
    ids = tuple(unit.unit_id for unit in units)
    return Inspections(ids, np.array(rejected, np.int64), np.array(inspected, np.int64))


def misses(units: Iterable[UnitResult]) -> list[UnitResult]:
    """Defective units that any run accepted: the most often missed first, then the plainest."""
    missed = [unit for unit in units if unit.kind and unit.wrong]
    return sorted(missed, key=lambda unit: (-unit.wrong / len(unit.runs), -np.nan_to_num(unit.severity), unit.unit_id))


def false_rejects(units: Iterable[UnitResult]) -> list[UnitResult]:
    """Good units that any run rejected: the most often rejected first, then the highest scores."""
    wrong = [unit for unit in units if not unit.kind and unit.wrong]
    highest = {unit.unit_id: np.nan_to_num(unit.ratios, nan=np.inf, posinf=np.inf).max() for unit in wrong}
    return sorted(wrong, key=lambda unit: (-unit.wrong / len(unit.runs), -highest[unit.unit_id], unit.unit_id))


def hits(units: Iterable[UnitResult], each: int = 1) -> list[UnitResult]:
    """Defective units that every run rejected: of each kind the `each` faintest, where nobody graded the first ones."""
    found: dict[str, list[UnitResult]] = {}
    for unit in units:
        if unit.kind and not unit.wrong:
            found.setdefault(unit.kind, []).append(unit)
    return [
        unit
        for kind in sorted(found)
        for unit in sorted(found[kind], key=lambda unit: np.nan_to_num(unit.severity, nan=1.0))[:each]
    ]
