"""What the soak has counted: one file a part, a run appended each time, so that it goes on where it was stopped."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stripbench.facts import facts

Run = dict[str, Any]


def add(folder: Path, part: str, seed: int, counts: dict[str, Any]) -> Run:
    """Append a run to `folder`/`part`.json and return it."""
    here = facts(bundle_id="", provider="cpu")
    run = {
        "seed": seed,
        "counts": counts,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": here.commit,
        "machine": f"{here.machine}, {here.cores} cores, {here.memory_gib:g} GiB, {here.system}",
    }
    runs = [*read(folder, part), run]
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{part}.json"
    draft.write_text(json.dumps(runs, indent=1) + "\n")
    draft.rename(folder / f"{part}.json")
    return run


def read(folder: Path, part: str) -> list[Run]:
    """Return the runs so far."""
    path = folder / f"{part}.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def total(runs: list[Run]) -> dict[str, int]:
    """Add up what several runs have counted."""
    summed: dict[str, int] = {}
    for run in runs:
        for name, found in run["counts"].items():
            summed[name] = summed.get(name, 0) + found
    return summed
