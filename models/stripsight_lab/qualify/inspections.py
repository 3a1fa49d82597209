"""How often units were inspected and rejected, by people or by the machine. Values are checked where they are born."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.tune.maxima import Floats, Ints

NAMED = 5
"""How many units an error names before it says how many more there are."""


@dataclass(frozen=True, eq=False)
class Inspections:
    """How often each of U units was inspected and rejected. Units may differ in how often; each at least once."""

    unit_ids: tuple[str, ...]
    rejected: Ints
    inspected: Ints

    def __post_init__(self) -> None:
        """ValueError for other lengths, a unit that is there twice, or counts that cannot be."""
        lengths = {len(self.unit_ids), len(self.rejected), len(self.inspected)}
        if len(lengths) > 1 or len(set(self.unit_ids)) != len(self.unit_ids):
            raise ValueError(f"inspections: expected different units and one pair of counts each, found {lengths}")
        bad = (self.inspected < 1) | (self.rejected < 0) | (self.rejected > self.inspected)
        for place in np.flatnonzero(bad)[:1]:
            found = f"{self.rejected[place]} of {self.inspected[place]}"
            raise ValueError(f"unit {self.unit_ids[place]}: expected 0 <= rejected <= inspected >= 1, found {found}")

    @property
    def p(self) -> Floats:
        """Rejections of each unit / its inspections, [U]."""
        return self.rejected / self.inspected

    def of(self, unit_ids: Sequence[str], whose: str) -> "Inspections":
        """The same in the order of `unit_ids`. ValueError that names units without results or without a place."""
        place = {unit: i for i, unit in enumerate(self.unit_ids)}
        _none_of([unit for unit in unit_ids if unit not in place], f"{whose} results of every unit, found none of")
        known = set(unit_ids)
        _none_of(
            [unit for unit in self.unit_ids if unit not in known], f"{whose} results of the kit's units only, found"
        )
        order = [place[unit] for unit in unit_ids]
        return Inspections(tuple(unit_ids), self.rejected[order], self.inspected[order])


def _none_of(units: Sequence[str], expected: str) -> None:
    if units:
        more = f" and {len(units) - NAMED} more" if len(units) > NAMED else ""
        raise ValueError(f"expected {expected} {', '.join(units[:NAMED])}{more}")
