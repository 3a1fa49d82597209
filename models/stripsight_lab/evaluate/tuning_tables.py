"""The tables of a tuning: its thresholds, and what other targets would have cost."""

from collections.abc import Sequence

from stripsight_lab.evaluate.layout import NONE, Table, number, percent
from stripsight_lab.tune.bound import Bound
from stripsight_lab.tune.tuning import Tuning

NEXT = "next good one (at most)"
_BOUND = (
    "Next good one: the false-reject rate that the good units' order statistic lets expect, and in brackets what it "
    "stays below with 95 % confidence, for any distribution of scores"
)
_EXACT = f"{_BOUND}."
_GUIDE = f"{_BOUND}; a guide here, as the rank was chosen on the same scores."


def thresholds_table(tuning: Tuning, regions: Sequence[str], title: str = "Thresholds") -> Table:
    """Each region's threshold with what it alone rejects on the tuning kit, and the strip's last."""
    rows = [
        (name, f"{own.threshold:.6f}", str(own.false_reject), str(own.detection), _bound(own.bound))
        for name, own in zip(regions, tuning.regions, strict=True)
    ]
    strip = ("strip", NONE, str(tuning.false_reject), str(tuning.detection), _bound(tuning.bound))
    columns = ("", "threshold", "good rejected", "defective rejected", NEXT)
    return Table(title, columns, (*rows, strip), _EXACT if tuning.bound.exact else _GUIDE)


def what_if_table(tunings: Sequence[Tuning], regions: Sequence[str], title: str = "What if") -> Table:
    """A row for each tuning: its target, how the tuning kit stands, and the thresholds."""
    rows = [
        (
            NONE if tuning.target is None else percent(tuning.target),
            str(tuning.false_reject),
            str(tuning.detection),
            _bound(tuning.bound),
            *(number(threshold, 4) for threshold in tuning.thresholds),
        )
        for tuning in tunings
    ]
    note = _EXACT if all(tuning.bound.exact for tuning in tunings) else _GUIDE
    return Table(title, ("target", "false rejects", "detection", NEXT, *regions), tuple(rows), note)


def _bound(bound: Bound) -> str:
    return f"{bound.expected:.3f} ({bound.upper:.3f})"
