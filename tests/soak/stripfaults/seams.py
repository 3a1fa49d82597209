"""Faults that come by the service's own arguments: a clock that leaps, an engine that fails or says nonsense."""

import threading
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError


class LeapingClock:
    """A monotonic clock, one reading of which is later by a leap, and all that follow it."""

    def __init__(self) -> None:
        """No leap yet."""
        self._lock = threading.Lock()
        self._ahead_s = 0.0
        self._leap_s = 0.0
        self._in = 0
        self.readings = 0
        self.leapt_at = 0
        """Which reading was the last leap; 0 when there was none since it was armed."""

    def __call__(self) -> float:
        """Return seconds."""
        with self._lock:
            self.readings += 1
            self._in -= 1
            if self._in == 0:
                self._ahead_s += self._leap_s
                self.leapt_at = self.readings
            return time.monotonic() + self._ahead_s

    def arm(self, nth: int, leap_s: float) -> None:
        """Let the `nth` reading from now on be the leap; 0 lets none."""
        with self._lock:
            self._in, self._leap_s, self.leapt_at = nth, leap_s, 0

    def leap(self, leap_s: float) -> None:
        """Leap now, between two readings."""
        with self._lock:
            self._ahead_s += leap_s


class FaultyEngine(Engine):
    """A real engine whose next inference goes wrong as it is told."""

    fault = ""
    struck = 0
    clock: LeapingClock
    leap_s = 0.0

    def fuse(self, frames: Sequence[Inference]) -> Inference:
        """Infer, unless told otherwise: once."""
        fault, self.fault = self.fault, ""
        self.struck += bool(fault)
        if fault == "fails":
            raise EngineError("told to fail")
        if fault == "crashes":
            raise RuntimeError("told to crash")
        found = super().fuse(frames)
        if fault == "takes long":
            self.clock.leap(self.leap_s)
        return wrong(found, fault)


def wrong(found: Inference, fault: str) -> Inference:
    """Return what a broken graph would say instead."""
    scores: NDArray[np.float32] = found.scores
    if fault == "NaN":
        scores = np.full_like(scores, np.nan)
    if fault == "infinite":
        scores = np.full_like(scores, -np.inf)
    if fault == "too few":
        scores = scores[:-1]
    return Inference(scores, found.reconstructions, found.anomaly_maps)
