"""Every fact of the report, gathered from its inputs: what report.json holds and the page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.evaluate.judged import judged
from stripsight_lab.qualify.criteria import Change, changes
from stripsight_lab.qualify.gallery import Gallery, Shown
from stripsight_lab.qualify.inputs import ReportInputs
from stripsight_lab.qualify.knapp import KnappKushner, knapp_kushner
from stripsight_lab.qualify.outcomes import Findings, Met, Outcome, overall
from stripsight_lab.qualify.rules import outcomes
from stripsight_lab.qualify.units import UnitResult, by_unit, false_rejects, hits, machine_inspections, misses
from stripsight_lab.tune.maxima import Floats, region_maxima
from stripsight_lab.tune.rates import Rate


@dataclass(frozen=True, eq=False)
class Facts:
    """What the report found. `maxima` is [S, R]: largest score / threshold of each region of each acquisition."""

    verdict: Met
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    units: tuple[UnitResult, ...]
    maxima: Floats
    knapp: KnappKushner | None
    misses: tuple[Shown, ...]
    false_rejects: tuple[Shown, ...]
    hits: tuple[Shown, ...]


def gather(inputs: ReportInputs) -> Facts:
    """Judge, compare and picture. ValueError where the panel and the kit do not name the same units."""
    thresholds = inputs.evaluation.thresholds
    units = by_unit(inputs.test, thresholds)
    knapp = _knapp(inputs, units)
    changed = tuple(changes(inputs.written, inputs.criteria))
    found = tuple(outcomes(inputs.criteria, _findings(inputs, knapp, changed)))
    gallery = Gallery(inputs.test, inputs.recipe, thresholds, inputs.look)
    chosen = misses(units), false_rejects(units), hits(units, inputs.hits_of_each_kind)
    missed, rejected, seen = (gallery.show_all(each) for each in chosen)
    return Facts(
        verdict=overall(found),
        outcomes=found,
        changes=changed,
        units=tuple(units),
        maxima=region_maxima(inputs.test.scores, len(thresholds)) / np.asarray(thresholds),
        knapp=knapp,
        misses=missed,
        false_rejects=rejected,
        hits=seen,
    )


def _knapp(inputs: ReportInputs, units: Sequence[UnitResult]) -> KnappKushner | None:
    if inputs.panel is None:
        return None
    return knapp_kushner(inputs.panel.inspections, machine_inspections(units), seed=inputs.bootstrap_seed)


def _findings(inputs: ReportInputs, knapp: KnappKushner | None, changed: tuple[Change, ...]) -> Findings:
    evaluation = inputs.evaluation
    return Findings(
        detection=_detection(inputs),
        false_reject=evaluation.false_reject,
        runs=evaluation.runs,
        knapp=knapp,
        inspectors=inputs.inspectors,
        determinism=inputs.determinism,
        overlaps=inputs.overlaps,
        changes=changed,
        time=evaluation.time,
    )


def _detection(inputs: ReportInputs) -> Rate:
    """The detection rate of the defects that the criteria ask for: severe enough, or not graded."""
    test, least = inputs.test, inputs.criteria.least_severity
    kit = judged(test.scores, test.kinds, test.severities, inputs.evaluation.thresholds, test.unit_ids)
    return kit.rate(kit.defective & ~(kit.severities < least))
