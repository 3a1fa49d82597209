"""What is found of each kind of defect, and down to which severity."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stripsight_lab.evaluate.judged import Judged
from stripsight_lab.tune.maxima import Bools
from stripsight_lab.tune.rates import Rate

EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)
NOT_GRADED = "not graded"
FOUND = 0.9
NOTHING = Rate(0, 0)


@dataclass(frozen=True)
class Smallest:
    """The smallest severity from which a defect is found 9 times in 10; None where that is not reached.

    By a rising curve of detection against severity (isotonic regression, each acquisition a trial): the severity of
    the first defect where the curve is at 0.9 or above. It is what the study of inspections calls a90
    (MIL-HDBK-1823A, 2009), without supposing a shape of the curve, as a kind has about a dozen defects. It is an
    estimate: `from_there` is the detection rate of the defects at least that severe, of `products` products.
    `least` is the smallest severity in the kit: reached there, the true figure may be smaller still. It is None where
    nothing is graded.
    """

    severity: float | None
    least: float | None
    products: int = 0
    from_there: Rate = NOTHING

    def __str__(self) -> str:
        """For example `0.31 (9 products)`, `0.12 or less (13 products)`, `not reached`, `not graded`."""
        if self.severity is None:
            return "not graded" if self.least is None else "not reached"
        less = " or less" if self.severity == self.least else ""
        return f"{self.severity:.2f}{less} ({self.products} {'product' if self.products == 1 else 'products'})"


@dataclass(frozen=True)
class KindFigures:
    """Defects of one kind, or of all: how many products, how many acquisitions are rejected, by severity too."""

    kind: str
    products: int
    detection: Rate
    by_severity: dict[str, Rate]
    smallest: Smallest


def kind_figures(kit: Judged, kind: str, which: Bools) -> KindFigures:
    """Count the acquisitions `which` bool [S], all defective, under the name `kind`."""
    return KindFigures(
        kind=kind,
        products=len(np.unique(kit.units[which])),
        detection=kit.rate(which),
        by_severity=_by_severity(kit, which),
        smallest=smallest_found(kit, which),
    )


def _by_severity(kit: Judged, which: Bools) -> dict[str, Rate]:
    """Rates by band of severity, each above its lower edge and up to its upper; those without a grade last."""
    graded = kit.severities
    rates = {
        f"{low:.2f} to {high:.2f}": kit.rate(which & (graded > low) & (graded <= high)) for low, high in pairwise(EDGES)
    }
    ungraded = which & np.isnan(graded)
    return rates | {NOT_GRADED: kit.rate(ungraded)} if ungraded.any() else rates


def smallest_found(kit: Judged, which: Bools) -> Smallest:
    """The smallest severity found 9 times in 10, of the acquisitions `which` bool [S]."""
    from sklearn.isotonic import IsotonicRegression

    graded = which & ~np.isnan(kit.severities)
    if not graded.any():
        return Smallest(None, None)
    severities = np.unique(kit.severities[graded])
    curve = IsotonicRegression().fit(kit.severities[graded], kit.rejected[graded].astype(np.float64))
    enough = severities[curve.predict(severities) >= FOUND]
    least = float(severities[0])
    if not enough.size:
        return Smallest(None, least)
    severe = graded & (kit.severities >= enough[0])
    return Smallest(float(enough[0]), least, len(np.unique(kit.units[severe])), kit.rate(severe))
