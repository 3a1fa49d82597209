"""losses.jsonl: a line for each step, the same lines however often the training was stopped."""

import json
import math
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.step import LOSSES

GPU_LINES = 20
"""Steps whose losses are fetched from a GPU at once, as fetching waits for it to finish."""


class Lines:
    """A file of JSON lines that only the first rank writes."""

    def __init__(self, path: Path, kept: int, here: Ranks) -> None:
        """Open it, keep its first `kept` lines and drop the rest, the last of them perhaps torn by a kill."""
        self._file = path.open("ab+") if here.is_first else None
        if self._file:
            self._file.seek(0)
            for _ in range(kept):
                self._file.readline()
            self._file.truncate()

    def write(self, line: dict[str, Any]) -> None:
        """Append a line and hand it to the system."""
        if self._file:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()

    def __enter__(self) -> Self:
        """Open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


class LossLog:
    """The losses of steps, the mean over ranks; fetched from the device some steps at a time."""

    def __init__(self, lines: Lines, here: Ranks) -> None:
        """Begin with no step."""
        self._lines, self._here = lines, here
        self._waiting: list[tuple[int, float, Tensor]] = []
        self.last: dict[str, float] = {}

    def add(self, step: int, rate: float, terms: dict[str, Tensor]) -> None:
        """Note a step; every rank has to. Raises FloatingPointError as `flush`."""
        self._waiting.append((step, rate, torch.stack([terms[name] for name in LOSSES])))
        if len(self._waiting) >= (GPU_LINES if self._here.device.type == "cuda" else 1):
            self.flush()

    def flush(self) -> None:
        """Write what is waiting. Raises FloatingPointError where a loss is not finite, after writing it."""
        if not self._waiting:
            return
        steps, rates, terms = zip(*self._waiting, strict=True)
        self._waiting = []
        means = self._here.total(torch.stack(terms)) / self._here.size  # [steps, losses]
        for step, rate, row in zip(steps, rates, means.tolist(), strict=True):
            self.last = dict(zip(LOSSES, row, strict=True))
            self._lines.write({"step": step, "rate": rate, **self.last})
            if not all(math.isfinite(value) for value in row):
                raise FloatingPointError(f"step {step}: losses must be finite, got {self.last}")
