"""The tables that the terminal, the card and the report show: figures in, cells out.

Where several bundles are compared on one kit, `evaluations` maps each one's name to its figures: a column for each.
"""

from collections.abc import Mapping, Sequence

from stripsight_lab.evaluate.evaluation import Evaluation
from stripsight_lab.evaluate.layout import NONE, Table, number, percent, span
from stripsight_lab.tune.rates import Rate

Evaluations = Mapping[str, Evaluation]

INTERVALS = "In brackets: 95 % intervals, which count products, not their acquisitions."


def patches_table(evaluation: Evaluation, title: str = "By region and patch (the paper's Table 1)") -> Table:
    """Table 1 of one bundle."""
    found = evaluation.patches
    rows = [
        (
            place.name,
            number(place.threshold, 6),
            str(place.detection),
            str(place.false_reject),
            str(place.accuracy).split(" (")[0],
            number(place.auroc),
        )
        for place in (*found.regions, found.vial)
    ]
    note = (
        f"Of a defective strip only patches that show the defect count; {found.left_out} others are left out. A vial "
        f"is rejected when any of its patches is. {INTERVALS}"
    )
    return Table(title, ("", "threshold", "detection", "false rejects", "accuracy", "AUROC"), tuple(rows), note)


def strips_table(
    evaluations: Evaluations, title: str = "By strip, each acquisition judged (the paper's Table 2)"
) -> Table:
    """Table 2, with what needs no threshold below it. A row that no bundle has a figure for is left out."""
    every = evaluations.values()
    rows = {
        "detection rate": [str(e.detection) for e in every],
        "false-reject rate": [str(e.false_reject) for e in every],
        "accuracy": [str(e.accuracy) for e in every],
        "AUROC": [span(e.auroc, e.auroc_interval) for e in every],
        **{
            f"detection at {percent(target)} false rejects": [_at(e, target) for e in every]
            for target in dict.fromkeys(point.target for e in every for point in e.fixed)
        },
        "AUPRO to 30 % of good pixels": [number(e.aupro) for e in every],
        "AUROC of pixels": [number(e.pixel_auroc) for e in every],
        "inference of a strip, mean / maximum": [_time(e) for e in every],
    }
    return _compared(
        title, evaluations, rows, f"AUROC is that of the strip's largest score over threshold. {INTERVALS}"
    )


def _at(evaluation: Evaluation, target: float) -> str:
    return next((str(point.detection) for point in evaluation.fixed if point.target == target), NONE)


def _time(evaluation: Evaluation) -> str:
    time = evaluation.time
    return NONE if time is None else f"{1000 * time.mean_s:.0f} / {1000 * time.max_s:.0f} ms"


def _compared(title: str, evaluations: Evaluations, rows: Mapping[str, Sequence[str]], note: str = "") -> Table:
    """A column for each bundle, without rows that say nothing."""
    told = [(name, *cells) for name, cells in rows.items() if set(cells) - {NONE, "none"}]
    return Table(title, ("", *evaluations), tuple(told), note)


def runs_table(evaluations: Evaluations, title: str = "By product and runs (the paper's Table 3)") -> Table:
    """Table 3; no rows where the products were not acquired as often as the policy says."""
    found = [e.runs for e in evaluations.values()]
    rows = {
        "detection rate": [NONE if runs is None else str(runs.detection) for runs in found],
        "false-reject rate": [NONE if runs is None else str(runs.false_reject) for runs in found],
        "good, not confirmed": [NONE if runs is None else str(runs.good_unconfirmed) for runs in found],
        "accuracy": [NONE if runs is None else str(runs.accuracy) for runs in found],
    }
    policy = next(((runs.least, runs.runs) for runs in found if runs), None)
    note = (
        ""
        if policy is None
        else (
            f"A product is rejected when at least {policy[0]} of its {policy[1]} runs reject it. Not confirmed: fewer "
            f"than {policy[0]} runs accept a good one; accuracy counts that as wrong, as the paper does."
        )
    )
    return _compared(title, evaluations, rows, note)


def kinds_table(evaluations: Evaluations, title: str = "By kind of defect") -> Table:
    """Detection of each kind and of all, and the smallest severity from which it is found 9 times in 10."""
    every = [(*e.kinds, e.all_kinds) for e in evaluations.values()]
    columns = [text for name in evaluations for text in (f"{name}: found", f"{name}: 9 in 10 from")]
    rows = [
        (kinds[0].kind, *(text for kind in kinds for text in (str(kind.detection), str(kind.smallest))))
        for kinds in zip(*every, strict=True)
    ]
    note = "9 in 10 from: the smallest severity from which the defect is found 9 times in 10, and how many products are"
    return Table(title, ("defect", *columns), tuple(rows), f"{note} at least that severe. {INTERVALS}")


def severities_table(evaluations: Evaluations, title: str = "By severity") -> Table:
    """Detection in each band of severity, all kinds together."""
    bands = dict.fromkeys(band for e in evaluations.values() for band in e.by_severity)
    rows = {band: [str(e.by_severity.get(band, Rate(0, 0))) for e in evaluations.values()] for band in bands}
    return _compared(title, evaluations, rows, INTERVALS)


def kinds_by_severity_table(evaluation: Evaluation, title: str = "Found, by kind and severity") -> Table:
    """Counts of one bundle: rejected acquisitions of all, by kind of defect and band of severity."""
    rows = [
        (kind.kind, *(_count(kind.by_severity.get(band)) for band in evaluation.by_severity))
        for kind in (*evaluation.kinds, evaluation.all_kinds)
    ]
    return Table(title, ("defect", *evaluation.by_severity), tuple(rows))


def _count(rate: Rate | None) -> str:
    return f"{rate.hits}/{rate.total}" if rate and rate.total else NONE
