"""From the parts of a bundle to its directory."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stripsight import document
from stripsight.bundle.files import sync_directory, write_files
from stripsight.bundle.loading import load
from stripsight.bundle.model import MANIFEST, Bundle
from stripsight.challenge import TOLERANCE, ChallengeStrip, pack
from stripsight.drift.baseline import BASELINE
from stripsight.errors import BundleExists
from stripsight.graph import FUSE, INSPECT
from stripsight.recipe import load_recipe


def write(
    path: Path | str,
    *,
    recipe_text: str,
    graph: bytes,
    fuse: bytes | None = None,
    thresholds: Mapping[str, Mapping[str, Any]],
    baseline: Mapping[str, Any] | None = None,
    challenge: Sequence[ChallengeStrip],
    card_text: str,
    provenance: Mapping[str, Any],
    tolerance: float = TOLERANCE,
) -> Bundle:
    """Write a bundle, unsigned, and return it as loaded. It appears at `path` whole and verified, or not at all.

    `thresholds` is {region: {"threshold": value, ...how it was obtained}}, `baseline` what `baseline_of` returns.
    Raises BundleExists when `path` is taken, and what `load` raises for contents that it would refuse.
    """
    target = Path(path).absolute()
    if os.path.lexists(target):
        raise BundleExists(f"{target}: expected a free place, found something there", path=str(target))
    files = {
        "recipe.toml": recipe_text.encode(),
        INSPECT: graph,
        **({FUSE: fuse} if fuse else {}),
        "thresholds.json": document.dump({"regions": thresholds}),
        **({BASELINE: document.dump(baseline)} if baseline else {}),
        "CARD.md": card_text.encode(),
        **pack(challenge, tolerance, load_recipe(recipe_text)),
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    files[MANIFEST] = document.dump({"files": digests, "provenance": provenance})
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        write_files(draft, files)
        load(draft)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync_directory(target.parent)
    return load(target)
