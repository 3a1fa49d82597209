"""What the test showed for each acceptance criterion: the words and the sum of it. `rules` holds each criterion."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stripsight_lab.evaluate.evaluation import InferenceTime
from stripsight_lab.evaluate.runs import RunTable
from stripsight_lab.qualify.criteria import Change
from stripsight_lab.qualify.determinism import Determinism
from stripsight_lab.qualify.knapp import KnappKushner
from stripsight_lab.qualify.overlap import Overlap
from stripsight_lab.tune.rates import Rate


class Met(StrEnum):
    """What became of a criterion."""

    MET = "met"
    NOT_MET = "not met"
    NOT_SHOWN = "not shown"
    INFORMATION = "for information"


@dataclass(frozen=True)
class Outcome:
    """One criterion: what it asks, what was found, its interval where it has one. `manual`: people's figures in it."""

    name: str
    limit: str
    found: str
    interval: str
    met: Met
    note: str = ""
    manual: bool = False


@dataclass(frozen=True, eq=False)
class Findings:
    """What the criteria are held against. `detection` is that of defects from the criteria's least severity up."""

    detection: Rate
    false_reject: Rate
    runs: RunTable | None
    knapp: KnappKushner | None
    inspectors: str
    """Who inspected by hand: "people", or what stood in for them."""
    determinism: Determinism | None
    overlaps: Sequence[Overlap]
    changes: Sequence[Change]
    time: InferenceTime | None


def overall(every: Sequence[Outcome]) -> Met:
    """Met only if every criterion is; a criterion that nothing was shown for is not met, and says so."""
    asked = {outcome.met for outcome in every if outcome.met is not Met.INFORMATION}
    return Met.NOT_MET if Met.NOT_MET in asked else Met.NOT_SHOWN if Met.NOT_SHOWN in asked else Met.MET
