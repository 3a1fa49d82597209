"""Keeps what comes back while the run goes on: the results, their file, and the strip that will be shown."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight_lab.demo.results import Result


def as_line(result: Result) -> str:
    """One result as JSON on one line; numbers that are not finite as null, since JSON has none."""
    row = asdict(result) | {"outcome": result.outcome.value}
    if result.decider is not None:
        row["decider"]["margin"] = result.decider.margin
    return json.dumps(_finite(row), allow_nan=False)


def telling(result: Result) -> tuple[bool, float]:
    """How good a rejected strip is to show: in the right vial first, then the clearer the better."""
    decider = result.decider
    return decider is not None and decider.vial == result.truth.vial, decider.strain if decider else 0.0


class Record:
    """Results in the order in which they came, also as JSON lines in a file. Any thread may add."""

    def __init__(self, file: Path) -> None:
        """Begin `file` anew."""
        self._lock = threading.Lock()
        self._file = file.open("w")
        self._results: list[Result] = []
        self.shown: tuple[Result, pb.Inspection] | None = None
        """The rejected strip to show, with its heatmaps."""

    def __enter__(self) -> Self:
        """Return the record."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()

    @property
    def results(self) -> tuple[Result, ...]:
        """Those that have come so far."""
        with self._lock:
            return tuple(self._results)

    def add(self, result: Result, inspection: pb.Inspection | None) -> tuple[Result, ...]:
        """Keep one strip's result and return all so far; its line is written at once, to outlive a crash."""
        with self._lock:
            self._results.append(result)
            self._file.write(as_line(result) + "\n")
            self._file.flush()
            if inspection is not None and _can_be_shown(result, inspection) and self._beats(result):
                self.shown = result, inspection
            return tuple(self._results)

    def _beats(self, result: Result) -> bool:
        return self.shown is None or telling(result) > telling(self.shown[0])


def _can_be_shown(result: Result, inspection: pb.Inspection) -> bool:
    decider = result.decider
    return (
        decider is not None
        and not result.accepted
        and any(
            (heatmap.vial, heatmap.region, heatmap.frame_index) == (decider.vial, decider.region, decider.frame)
            for heatmap in inspection.heatmaps
        )
    )


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
