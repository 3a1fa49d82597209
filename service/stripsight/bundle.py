"""A directory and a verified Bundle. The only reader and writer of that directory.

    recipe.toml  inspect.onnx  (fuse.onnx)  thresholds.json  (baseline.json)  challenge/  manifest.json  CARD.md

A bundle holds data only and never changes; its id is the digest of its manifest. Each file is read once, and
what was hashed is what is used.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stripsight import document
from stripsight.challenge import CHALLENGE, TOLERANCE, ChallengeStrip, pack, unpack
from stripsight.drift.baseline import BASELINE, Baseline
from stripsight.errors import (
    BundleBaselineError,
    BundleError,
    BundleExists,
    BundleFileChanged,
    BundleFileMissing,
    BundleFileUnlisted,
    BundleNotFound,
    BundlePathError,
    BundleThresholdsError,
)
from stripsight.graph import FUSE, INSPECT, check_fuse_graph, check_graph
from stripsight.recipe import Recipe, load_recipe
from stripsight.verdict import Thresholds

__all__ = ["Bundle", "ChallengeStrip", "Manifest", "load", "write"]

_REQUIRED = ("recipe.toml", INSPECT, "thresholds.json", CHALLENGE, "CARD.md")


class Manifest(BaseModel):
    """manifest.json: the sha256 (hex) of every other file, and where the bundle comes from."""

    model_config = ConfigDict(frozen=True)

    schema_version: int
    files: dict[str, str]
    provenance: dict[str, JsonValue]


class _Threshold(BaseModel):
    model_config = ConfigDict(extra="allow")  # how it was obtained: for people and reports

    threshold: float = Field(strict=True)


class _ThresholdsFile(BaseModel):
    schema_version: int
    regions: dict[str, _Threshold]


@dataclass(frozen=True)
class Bundle:
    """Everything one product needs at run time, verified.

    `graph` is inspect.onnx, `tolerance` that of a score; `fuse` and `baseline` are there where their files are.
    """

    path: Path
    bundle_id: str
    recipe: Recipe
    thresholds: Thresholds
    graph: bytes
    fuse: bytes | None
    baseline: Baseline | None
    challenge: tuple[ChallengeStrip, ...]
    tolerance: float
    manifest: Manifest
    card: str


def load(path: Path | str) -> Bundle:
    """Read and verify the bundle at `path`.

    Raises RecipeError, or a BundleError whose class says what is wrong; messages name the file, what was
    expected and what was found.
    """
    root = Path(path).resolve()
    files = dict(_read_files(root))
    if "manifest.json" not in files:
        raise BundleNotFound(f"{root}: expected a directory with manifest.json, found none", path=str(root))
    manifest_bytes = files.pop("manifest.json")
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
    )


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
    """Write a bundle and return it as loaded. It appears at `path` whole and verified, or not at all.

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
    digests = {name: _sha256(data) for name, data in files.items()}
    files["manifest.json"] = document.dump({"files": digests, "provenance": provenance})
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_files(draft, files)
        load(draft)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync_directory(target.parent)
    return load(target)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Read every file below `root`, by its path there. What is no plain file or directory is refused."""
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError as error:
        found = error.strerror or str(error)
        raise BundleNotFound(f"{root}: expected a readable directory, found: {found}", path=str(root)) from None
    for entry in entries:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from ((f"{entry.name}/{name}", data) for name, data in _read_files(Path(entry.path)))
        elif stat.S_ISREG(mode):
            yield entry.name, _read_file(Path(entry.path))
        else:
            raise _bad_path(entry.path, "a plain file", "a link or special file")


def _read_file(path: Path) -> bytes:
    try:
        # Not through a link that took the file's place since it was looked at.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()
    except OSError as error:
        raise _bad_path(str(path), "a readable file", error.strerror or str(error)) from None


def _bad_path(path: str, expected: str, found: str) -> BundlePathError:
    return BundlePathError(f"{path}: expected {expected}, found {found}", file=path, expected=expected, found=found)


def _manifest(data: bytes) -> Manifest:
    manifest = document.parse("manifest.json", data, Manifest, BundleError)
    for name in manifest.files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name:
            raise _bad_path("manifest.json", "plain paths inside the bundle", repr(name))
    return manifest


def _check_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    for name in (*_REQUIRED, *manifest.files):
        if name not in files:
            raise BundleFileMissing(f"{name}: expected in the bundle, found no such file", file=name)
    for name, data in files.items():
        expected, found = manifest.files.get(name), _sha256(data)
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


def _write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `root` and have them on disk before the bundle gets its name."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir())):
        directory.chmod(0o755)  # the service reads it as another user; a temporary directory is private
        _sync_directory(directory)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
