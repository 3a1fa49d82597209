"""From a directory to a verified Bundle."""

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from stripsight import document
from stripsight.bundle.files import bad_path, read_files
from stripsight.bundle.model import MANIFEST, Bundle, Manifest
from stripsight.bundle.trust import SIGNATURE, Trust
from stripsight.challenge import CHALLENGE, unpack
from stripsight.drift.baseline import BASELINE, Baseline
from stripsight.errors import (
    BundleBaselineError,
    BundleError,
    BundleFileChanged,
    BundleFileMissing,
    BundleFileUnlisted,
    BundleNotFound,
    BundleThresholdsError,
)
from stripsight.graph import FUSE, INSPECT, check_fuse_graph, check_graph
from stripsight.recipe import Recipe, load_recipe
from stripsight.verdict import Thresholds

_REQUIRED = ("recipe.toml", INSPECT, "thresholds.json", CHALLENGE, "CARD.md")


class _Threshold(BaseModel):
    model_config = ConfigDict(extra="allow")  # how it was obtained: for people and reports

    threshold: float = Field(strict=True)


class _ThresholdsFile(BaseModel):
    schema_version: int
    regions: dict[str, _Threshold]


def load(path: Path | str, trust: Trust | None = None) -> Bundle:
    """Read and verify the bundle at `path`.

    Its signature is looked at when `trust` is given, before anything else in it. Raises RecipeError, or a BundleError
    whose class says what is wrong; messages name the file, what was expected and what was found.
    """
    root = Path(path).resolve()
    files = dict(read_files(root))
    if MANIFEST not in files:
        raise BundleNotFound(f"{root}: expected a directory with {MANIFEST}, found none", path=str(root))
    manifest_bytes, signature = files.pop(MANIFEST), files.pop(SIGNATURE, None)
    trusted = trust is not None and trust.check(manifest_bytes, signature)
    manifest = _manifest(manifest_bytes)
    _check_files(manifest, files)
    recipe = load_recipe(files["recipe.toml"])
    thresholds = _thresholds(files["thresholds.json"], recipe)
    check_graph(files[INSPECT], recipe)
    if FUSE in files:
        check_fuse_graph(files[FUSE], files[INSPECT], recipe)
    strips, tolerance = unpack(files, recipe, thresholds)
    return Bundle(
        path=root,
        bundle_id=hashlib.sha256(manifest_bytes).hexdigest(),
        recipe=recipe,
        thresholds=thresholds,
        graph=files[INSPECT],
        fuse=files.get(FUSE),
        baseline=_baseline(files[BASELINE], recipe) if BASELINE in files else None,
        challenge=strips,
        tolerance=tolerance,
        manifest=manifest,
        card=files["CARD.md"].decode(errors="replace"),
        signature_trusted=trusted,
    )


def _manifest(data: bytes) -> Manifest:
    manifest = document.parse(MANIFEST, data, Manifest, BundleError)
    for name in manifest.files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name:
            raise bad_path(MANIFEST, "plain paths inside the bundle", repr(name))
    return manifest


def _check_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    for name in (*_REQUIRED, *manifest.files):
        if name not in files:
            raise BundleFileMissing(f"{name}: expected in the bundle, found no such file", file=name)
    for name, data in files.items():
        expected, found = manifest.files.get(name), hashlib.sha256(data).hexdigest()
        if expected is None:
            raise BundleFileUnlisted(f"{name}: expected only files that manifest.json lists", file=name)
        if found != expected:
            raise BundleFileChanged(
                f"{name}: expected sha256 {expected}, found {found}",
                file=name,
                expected=expected,
                found=found,
            )


def _thresholds(data: bytes, recipe: Recipe) -> Thresholds:
    regions = document.parse("thresholds.json", data, _ThresholdsFile, BundleThresholdsError).regions
    expected, found = [region.name for region in recipe.regions], list(regions)
    if sorted(expected) != sorted(found):
        raise BundleThresholdsError(
            f"thresholds.json: expected the recipe's regions {expected}, found {found}",
            file="thresholds.json",
            expected=str(expected),
            found=str(found),
        )
    return Thresholds({name: regions[name].threshold for name in expected})


def _baseline(data: bytes, recipe: Recipe) -> Baseline:
    baseline = document.parse(BASELINE, data, Baseline, BundleBaselineError)
    baseline.check(recipe)
    return baseline
