"""What a step did, written beside its result: settings, digests of what it read and wrote, commit, versions, time."""

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

_PACKAGES = (
    "h5py",
    "numpy",
    "onnx",
    "onnxruntime-gpu",
    "onnxscript",
    "opencv-python-headless",
    "scikit-learn",
    "torch",
)


class StepRecord(BaseModel):
    """One step. `inputs` and `outputs` are sha256 (hex) by name; `settings` what the step was told, seeds included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    experiment: str
    settings: dict[str, JsonValue]
    inputs: dict[str, str]
    outputs: dict[str, str]
    commit: str
    versions: dict[str, str]
    machine: str
    started_at: datetime
    seconds: float


def digest(path: Path) -> str:
    """The sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(work: Path, step: str) -> StepRecord:
    """The record of a step that is done. Raises ValueError that names the command to run first."""
    path = work / f"{step}.json"
    if not path.exists():
        raise ValueError(f"{path}: expected the record of a step that comes before; run `stripsight-lab {step}` first")
    return StepRecord.model_validate_json(path.read_text())


def is_done(work: Path, step: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> bool:
    """Whether `step` has already been made of the same settings and inputs, and what it wrote is as it was."""
    path = work / f"{step}.json"
    if not path.exists():
        return False
    record = read(work, step)
    same = record.settings == _plain(settings) and record.inputs == dict(inputs)
    return same and all((work / name).exists() and digest(work / name) == it for name, it in record.outputs.items())


@contextmanager
def recorded(
    work: Path, experiment: str, step: str, settings: Mapping[str, Any], inputs: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Run a step's body and write its record when it ends well. The body fills in the outputs: digests by file name."""
    started, clock = datetime.now(UTC), time.monotonic()
    outputs: dict[str, str] = {}
    yield outputs
    record = StepRecord(
        step=step,
        experiment=experiment,
        settings=_plain(settings),
        inputs=dict(inputs),
        outputs=outputs,
        commit=commit(),
        versions=versions(),
        machine=f"{platform.machine()}, {len(os.sched_getaffinity(0))} CPU cores, Python {platform.python_version()}",
        started_at=started,
        seconds=round(time.monotonic() - clock, 1),
    )
    part = work / f"{step}.json.part"
    part.write_text(record.model_dump_json(indent=2) + "\n")
    part.replace(work / f"{step}.json")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(settings))
    return plain


def commit() -> str:
    """The commit of the working tree, with a plus where files differ from it; `unknown` outside of one."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        return "unknown"
    changed = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    return head.stdout.strip() + ("+" if changed.strip() else "")


def versions() -> dict[str, str]:
    """Versions of the packages that decide what comes out."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return found
