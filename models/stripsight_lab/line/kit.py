"""Kits: known good and defective strips in random order."""

from dataclasses import dataclass

import numpy as np

from stripsight_lab.line.defects import Defect, DefectKind
from stripsight_lab.line.geometry import VIALS
from stripsight_lab.line.seeds import derive, stream
from stripsight_lab.line.strip import Strip

LEAST_SEVERITY = 0.1


@dataclass(frozen=True)
class KitItem:
    """One strip of a kit; its name does not tell whether it is good."""

    strip_id: str
    strip: Strip
    defect: Defect | None


def _defects(rng: np.random.Generator, seed: int, count: int) -> list[Defect]:
    """`count` defects: kinds take turns, and each kind's severities are spread evenly over [0.1, 1]."""
    order = [DefectKind(kind) for kind in rng.permutation([str(kind) for kind in DefectKind])]
    found: list[Defect] = []
    for turn, kind in enumerate(order):
        own = len(range(turn, count, len(order)))
        for step in rng.permutation(own):
            severity = LEAST_SEVERITY + (1 - LEAST_SEVERITY) * (step + rng.random()) / own
            number = len(found)
            found.append(Defect(kind, int(rng.integers(VIALS)), severity, derive("kit-defect", seed, number)))
    return found


def random_kit(seed: int, good: int, defective: int) -> list[KitItem]:
    """A shuffled kit; kits of different seeds share neither strips nor defects."""
    rng = stream("kit", seed)
    defects: list[Defect | None] = [*_defects(rng, seed, defective), *[None] * good]
    shuffled = [defects[place] for place in rng.permutation(len(defects))]
    items: list[KitItem] = []
    for number, defect in enumerate(shuffled):
        strip_seed = derive("kit-strip", seed, number)
        strip = Strip.good(strip_seed) if defect is None else Strip.defective(strip_seed, defect)
        items.append(KitItem(f"K{seed}-{number + 1:04d}", strip, defect))
    return items
