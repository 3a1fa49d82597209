"""Acceptance criteria: a table of the experiment file, fixed before the test, and what became of it afterwards.

`write_down` is called by the step that tunes; the report asks `written_before` what stood there when the test began. A
criterion that was changed later is named in the report with both its values.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Fraction = Annotated[float, Field(ge=0, le=1)]


class Criteria(BaseModel):
    """What the test must show. Rates are fractions of acquisitions, those of the policy fractions of units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detection_rate_min: Fraction
    false_reject_rate_max: Fraction
    least_severity: Fraction = 0.0
    """Defects below it count in no criterion (and in every table); those that nobody graded count."""
    policy_detection_rate_min: Fraction | None = None
    policy_false_reject_rate_max: Fraction | None = None
    """By the paper's 7 of 10 runs: defective units rejected in so many, good ones accepted in fewer. None: no limit."""
    rze_at_least_manual: bool = True
    score_spread_max: Annotated[float, Field(ge=0)] = 1e-4
    """Largest spread of one patch's score over repeats, thread counts and providers, in units of the score."""
    verdicts_within_spread_max: Annotated[int, Field(ge=0)] = 0
    """Acquisitions of the test kit whose verdict that spread could turn."""
    judged_by: Literal["estimate", "bound"] = "estimate"
    """What meets a limit: the rate found, or the worse end of its 95 % interval."""
    inference_ms: Annotated[float, Field(gt=0)] | None = None
    """For information only: mean time to infer one strip. It belongs to a machine, not to the bundle."""

    @property
    def digest(self) -> str:
        """The sha256 (hex) of all values in one fixed way of writing."""
        return hashlib.sha256(_canonical(self.model_dump(mode="json"))).hexdigest()


def _canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


class Written(BaseModel):
    """Criteria as they were written down, and when (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    digest: str
    criteria: Criteria


@dataclass(frozen=True)
class Change:
    """A criterion that the report's criteria have otherwise than those written down."""

    name: str
    before: str
    now: str


def write_down(criteria: Criteria, path: Path, *, at: datetime | None = None) -> Written:
    """Add a line to the JSON Lines file `path` if the criteria are new or changed; return the line that holds now."""
    lines = read_written(path)
    if lines and lines[-1].digest == criteria.digest:
        return lines[-1]
    written = Written(at=at or datetime.now(UTC), digest=criteria.digest, criteria=criteria)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(written.model_dump_json() + "\n")
    return written


def read_written(path: Path) -> list[Written]:
    """All lines of the file, oldest first; none if it is missing. ValueError that names a line that was edited."""
    if not path.exists():
        return []
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            written = Written.model_validate_json(line)
        except ValidationError as error:
            found = error.errors(include_url=False)[0]["msg"]
            raise ValueError(f"{path.name} line {number}: expected written criteria, found: {found}") from None
        if written.digest != written.criteria.digest:
            expected, found = written.digest, written.criteria.digest
            raise ValueError(f"{path.name} line {number}: expected criteria of digest {expected}, found {found}")
        lines.append(written)
    return lines


def written_before(path: Path, test: datetime) -> Written | None:
    """What stood in the file when the test began, None if nothing did."""
    earlier = [line for line in read_written(path) if line.at <= test]
    return earlier[-1] if earlier else None


def changes(written: Written | None, now: Criteria) -> list[Change]:
    """The criteria that differ from those written down. Without any written down, all of them do."""
    before = written.criteria.model_dump(mode="json") if written else {}
    return [
        Change(name, _plain(before[name]) if name in before else "not written down", _plain(value))
        for name, value in now.model_dump(mode="json").items()
        if name not in before or before[name] != value
    ]


def _plain(value: object) -> str:
    return "none" if value is None else str(value)
