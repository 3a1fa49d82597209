"""Watches the strips of a bundle and says when they no longer look like those it was tuned on.

Both ways: too many rejects or scores that rise tell of a machine, a camera or a material that has changed; too few
rejects or scores that fall tell of an inspection that may no longer see.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from stripsight.alarms import Alarm, AlarmCode
from stripsight.drift.baseline import Baseline
from stripsight.drift.compare import deviation
from stripsight.drift.window import Counts, Window
from stripsight.recipe import Recipe
from stripsight.verdict import Judgement

STRIPS = 2000
"""How many strips are looked at: some seventeen minutes at two a second. With fewer, none rejected could be chance."""
RAISE = 5.0
"""Standard deviations from the baseline. Forty shares are compared with every strip; the larger part of a deviation is
the baseline's own, which stays the same, so that chance alone does not come so far."""
CLEAR = 3.0
"""An alarm ends where it would not begin, so that it does not come and go."""
LEAST = 100
"""Fewer strips say too little."""

_URGENT = (AlarmCode.DRIFT_REJECTS_LOW, AlarmCode.DRIFT_SCORES_LOW)
"""These doubt accepts; the others doubt rejects."""

Deviations = Mapping[AlarmCode, tuple[float, str]]


class DriftWatch:
    """Looks at the judgements of one bundle. `add` and the rest may come from several threads."""

    def __init__(
        self, baseline: Baseline, recipe: Recipe, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Begin with no strips. `now` is the wall clock that alarms are dated by."""
        self._baseline, self._recipe, self._now = baseline, recipe, now
        self._window = Window(baseline.table(recipe), STRIPS)
        self._alarms: dict[AlarmCode, Alarm] = {}
        self._lock = threading.Lock()
        self._deviations: NDArray[np.float64] = np.zeros((len(recipe.vials), len(recipe.regions)))
        self._reject_deviation = 0.0
        self._strips = 0

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is out of the ordinary, the urgent first."""
        with self._lock:
            return tuple(sorted(self._alarms.values(), key=lambda alarm: (not alarm.urgent, alarm.code)))

    @property
    def strips(self) -> int:
        """How many strips are looked at."""
        return self._strips

    @property
    def reject_deviation(self) -> float:
        """How far the share of rejects lies from the baseline's, in standard deviations."""
        return self._reject_deviation

    def score_deviation(self, vial: int, region: int) -> float:
        """How far the scores of a region lie from the baseline's, the level that is furthest out."""
        return float(self._deviations[vial, region])

    def add(self, judgement: Judgement) -> None:
        """Take a strip that was answered."""
        with self._lock:
            self._window.add(judgement)
            counts = self._window.counts
            self._strips = counts.strips
            self._reject_deviation, self._deviations = self._compared(counts)
            for code, (out, message) in self._found(counts).items():
                self._turn(code, out if counts.strips >= LEAST else 0.0, message)

    def _compared(self, counts: Counts) -> tuple[float, NDArray[np.float64]]:
        baseline = self._baseline
        rejects = deviation(np.array(counts.rejected), counts.strips, np.array(baseline.rejected), baseline.strips)
        expected = (1 - np.array(baseline.levels)) * baseline.strips
        by_level = deviation(counts.above, counts.strips, expected, baseline.strips)
        furthest = np.abs(by_level).argmax(axis=2, keepdims=True)
        return float(rejects), np.take_along_axis(by_level, furthest, axis=2)[..., 0]

    def _found(self, counts: Counts) -> Deviations:
        rejects, scores = self._reject_deviation, self._deviations
        share = counts.rejected / max(1, counts.strips)
        sentence = (
            f"{share:.1%} of the last {counts.strips} strips rejected; "
            f"{self._baseline.rejected} of {self._baseline.strips} good ones when the bundle was tuned"
        )
        return {
            AlarmCode.DRIFT_REJECTS_HIGH: (rejects, sentence),
            AlarmCode.DRIFT_REJECTS_LOW: (-rejects, sentence),
            AlarmCode.DRIFT_SCORES_HIGH: (float(scores.max()), self._where(scores, "higher", counts)),
            AlarmCode.DRIFT_SCORES_LOW: (float((-scores).max()), self._where(-scores, "lower", counts)),
        }

    def _where(self, out: NDArray[np.float64], how: str, counts: Counts) -> str:
        vial, region = np.unravel_index(int(out.argmax()), out.shape)
        places = int((out >= RAISE).sum())
        return (
            f"scores of the last {counts.strips} strips are {how} than when the bundle was tuned, most in vial "
            f"{self._recipe.vials[vial].name}, region {self._recipe.regions[region].name}; in {places} of {out.size}"
        )

    def _turn(self, code: AlarmCode, out: float, message: str) -> None:
        standing = self._alarms.get(code)
        if standing is not None and out < CLEAR:
            del self._alarms[code]
        elif out >= RAISE:
            since = self._now() if standing is None else standing.since
            self._alarms[code] = Alarm(code, message, since, code in _URGENT)
