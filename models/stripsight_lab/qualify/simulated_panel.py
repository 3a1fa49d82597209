"""A panel of inspectors that nobody sat on: for trying the procedure where no person has looked yet.

Every line it writes says `simulated`, and the report repeats it wherever a manual figure stands. Whether an inspector
rejects a defect of severity s follows a Weibull psychometric function with a guess and a lapse rate (Wichmann and Hill,
Perception & Psychophysics 63, 2001):

    psi(s) = g + (1 - g - l) (1 - exp(-(s / t)^b))

t, the threshold, differs between kinds, inspectors and units; g, the false-reject rate, and l, the lapse rate, between
inspectors. The numbers are guesses about people and not measured on any.
"""

import math
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from stripsight_lab.line.seeds import stream
from stripsight_lab.qualify.panel import SIMULATED, Mark
from stripsight_lab.tune.maxima import Floats


class PanelSettings(BaseModel):
    """How the simulated panel is made up. Severities run from above 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=1, ge=0)
    inspectors: int = Field(default=5, ge=1, le=100)
    inspections: int = Field(default=50, ge=1, le=1000)
    """Of each unit, by all inspectors together, in turn."""
    threshold: float = Field(default=0.25, gt=0, le=10)
    """Severity that the median inspector sees 63 times in 100."""
    slope: float = Field(default=2.0, gt=0, le=20)
    kind_spread: float = Field(default=0.25, ge=0, le=2)
    """Standard deviation of the logarithm of the threshold from kind to kind; so are the next two."""
    inspector_spread: float = Field(default=0.2, ge=0, le=2)
    unit_spread: float = Field(default=0.3, ge=0, le=2)
    lapse_rate: float = Field(default=0.02, ge=0, lt=0.5)
    """Mean share of plain defects that are let pass."""
    false_reject_rate: float = Field(default=0.03, ge=0, lt=0.5)
    """Mean share of good units that are rejected."""
    ungraded_severity: float = Field(default=0.5, gt=0, le=1)
    """Stands in where nobody graded a defect."""


def psychometric(severity: float, threshold: float, slope: float, guess: float, lapse: float) -> float:
    """Probability of a rejection at `severity` >= 0; `guess` at 0, 1 - `lapse` far above `threshold`."""
    return guess + (1 - guess - lapse) * -math.expm1(-((severity / threshold) ** slope))


def simulate(
    unit_ids: Sequence[str], kinds: Sequence[str], severities: Floats, settings: PanelSettings | None = None
) -> list[Mark]:
    """Inspect U units, each `settings.inspections` times.

    `kinds` [U] names each defect, "" for a good unit; `severities` [U] is 0 for good, NaN for not graded. A unit's
    results depend on the seed and its id, not on what else is in the kit.
    """
    settings = settings or PanelSettings()
    people = [_Inspector(number, settings) for number in range(1, settings.inspectors + 1)]
    marks: list[Mark] = []
    for unit, kind, severity in zip(unit_ids, kinds, severities.tolist(), strict=True):
        own = _named_stream("panel-unit", unit, settings.seed)
        ease = math.exp(settings.unit_spread * own.standard_normal())
        shown = 0.0 if kind == "" else settings.ungraded_severity if math.isnan(severity) else severity
        chances = [person.chance(kind, shown * ease) for person in people]
        for turn in range(settings.inspections):
            who = turn % len(people)
            rejected = bool(own.random() < chances[who])
            marks.append(Mark(unit, people[who].name, turn // len(people) + 1, rejected, SIMULATED))
    return marks


class _Inspector:
    """One simulated inspector: own acuity, lapses and false rejects."""

    def __init__(self, number: int, settings: PanelSettings) -> None:
        rng = stream("panel-inspector", settings.seed, number)
        self.name = f"{SIMULATED} {number}"
        self._settings = settings
        self._acuity = math.exp(settings.inspector_spread * rng.standard_normal())
        self._lapse = min(0.5, settings.lapse_rate * rng.gamma(4, 1 / 4))
        self._guess = min(0.5, settings.false_reject_rate * rng.gamma(4, 1 / 4))

    def chance(self, kind: str, severity: float) -> float:
        settings = self._settings
        spread = settings.kind_spread * _named_stream("panel-kind", kind, settings.seed).standard_normal()
        threshold = settings.threshold * math.exp(spread) * self._acuity
        return psychometric(severity, threshold, settings.slope, self._guess, self._lapse)


def _named_stream(purpose: str, name: str, seed: int) -> np.random.Generator:
    return stream(f"{purpose}-{len(name)}-{name}", seed)
