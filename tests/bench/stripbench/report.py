"""What a benchmark leaves behind: every single time, and what is needed to read it later. Written as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class Sample:
    """One strip. Round trip from sending to the answer; `after_due_ms` from the moment that the strip was due.

    `cpu_ms` (user and system), `rss_mib` and `descriptors` are those of the process that inspected.
    """

    round_trip_ms: float
    after_due_ms: float
    cpu_ms: float
    rss_mib: float
    descriptors: int
    stages_ms: dict[str, float] = field(default_factory=dict)


class Table(BaseModel):
    """A part of the report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Series(Table):
    """The strips of one contestant in one phase, in order, column by column as in Sample."""

    round_trip_ms: list[float]
    after_due_ms: list[float]
    cpu_ms: list[float]
    rss_mib: list[float]
    descriptors: list[int]
    stages_ms: dict[str, list[float]]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Series":
        """Collect samples. A stage that only some strips had, such as render, has fewer times."""
        names = dict.fromkeys(name for sample in samples for name in sample.stages_ms)
        return cls(
            round_trip_ms=[round(sample.round_trip_ms, 3) for sample in samples],
            after_due_ms=[round(sample.after_due_ms, 3) for sample in samples],
            cpu_ms=[round(sample.cpu_ms, 3) for sample in samples],
            rss_mib=[round(sample.rss_mib, 2) for sample in samples],
            descriptors=[sample.descriptors for sample in samples],
            stages_ms={n: [round(s.stages_ms[n], 3) for s in samples if n in s.stages_ms] for n in names},
        )

    def late(self, slot_ms: float) -> int:
        """How many answers came when the slot was over, counted from the moment that the strip was due."""
        return sum(not value < slot_ms for value in self.after_due_ms)


class ColdStart(Table):
    """Each start: seconds from the start of the process to ready, and its first strip."""

    to_serving_s: list[float]
    first_strip_ms: list[float]


class Floors(Table):
    """Work of the graph for one strip, and the rates that this machine was measured at, per second."""

    flops: int
    moved_bytes: int
    flops_per_s: float
    bytes_per_s: float

    @property
    def arithmetic_ms(self) -> float:
        """The graph's operations at the measured rate of matrix products."""
        return 1e3 * self.flops / self.flops_per_s

    @property
    def memory_ms(self) -> float:
        """The graph's bytes at the measured rate of copying."""
        return 1e3 * self.moved_bytes / self.bytes_per_s

    @property
    def floor_ms(self) -> float:
        """The larger of the two: both can go on at once."""
        return max(self.arithmetic_ms, self.memory_ms)


class Facts(Table):
    """Where and with what it was measured. `load` is the average load of the minute before."""

    date: str
    commit: str
    bundle_id: str
    provider: str
    machine: str
    cores: int
    memory_gib: float
    system: str
    load: float
    versions: dict[str, str]


class Settings(Table):
    """How it was measured."""

    strips: int
    turns: int
    cadence_ms: float
    slot_ms: float
    threads: int


class Report(Table):
    """One benchmark. `phases` holds the series by phase and contestant."""

    facts: Facts
    settings: Settings
    phases: dict[str, dict[str, Series]]
    cold_start: ColdStart
    floors: Floors

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json() + "\n")


def read(path: Path) -> Report:
    """Read a written report. Raises pydantic's ValidationError for another file."""
    return Report.model_validate_json(path.read_bytes())
