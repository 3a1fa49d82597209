"""What is read from files, as functions of bytes: frames, recipes, bundles, graphs, records, keys."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stripfaults.history import Broken
from stripfaults.target import Target
from stripsight import bundle as bundles
from stripsight import document, ed25519
from stripsight.bundle import Bundle
from stripsight.certificates import load as certificates
from stripsight.drift.baseline import BASELINE, Baseline
from stripsight.engine import Engine
from stripsight.errors import (
    BundleBaselineError,
    BundleError,
    BundleKeyError,
    CertificateError,
    EngineError,
    InvalidRequest,
    RecipeError,
)
from stripsight.frame import FrameData, PixelFormat, crc32c, decode
from stripsight.graph import check_graph
from stripsight.journal import canonical
from stripsight.journal.head import NAME as HEAD
from stripsight.journal.head import read_head
from stripsight.journal.record import Entry, Event, EventKind
from stripsight.pictures import form
from stripsight.recipe import Recipe, load_recipe

SHIPPED = Path(__file__).parents[3] / "models" / "bundles" / "bfs-5x4"
MANIFEST = "manifest.json"


def targets(bundle: Bundle) -> dict[str, Target]:
    """Return the targets by name; `bundle` is what they read parts of."""
    good = bundle.challenge[0].frames[0]
    shipped = load_recipe((SHIPPED / "recipe.toml").read_bytes())
    return {
        "frames": Target(lambda data: _frame(data, good, bundle), (good.data,)),
        "pictures": Target(lambda data: form.decoded(0, "0" * 64, data), (good.data,)),
        "recipes": Target(_recipe, ((bundle.path / "recipe.toml").read_bytes(),)),
        "thresholds": _file(bundle, "thresholds.json"),
        "challenges": _file(bundle, "challenge/challenge.json"),
        "manifests": Target(lambda data: _loaded(bundle, {MANIFEST: data}), ((bundle.path / MANIFEST).read_bytes(),)),
        "baselines": Target(lambda data: _baseline(data, shipped), ((SHIPPED / BASELINE).read_bytes(),)),
        "graphs": Target(lambda data: _graph(data, bundle), (bundle.graph,)),
        "records": Target(_record, (canonical.form(_entry()),)),
        "heads": Target(_head, (b"%020d " % 7 + b"0" * 64 + b"\n",)),
        "keys": Target(_key, _keys()),
    }


def _frame(data: bytes, good: FrameData, bundle: Bundle) -> None:
    for kind in PixelFormat:
        with suppress(InvalidRequest):
            found = decode(replace(good, data=data, crc32c=crc32c(data), pixel_format=kind), bundle.recipe)
            if found.pixels.shape != (good.height_px, good.width_px):
                raise Broken(f"a frame of {found.pixels.shape}")


def _recipe(data: bytes) -> None:
    with suppress(RecipeError):
        load_recipe(data)


def _file(bundle: Bundle, name: str) -> Target:
    """Return a file of the bundle as a target, whose manifest says that it is as it should be."""

    def run(data: bytes) -> None:
        manifest = json.loads((bundle.path / MANIFEST).read_bytes())
        manifest["files"][name] = hashlib.sha256(data).hexdigest()
        _loaded(bundle, {name: data, MANIFEST: json.dumps(manifest).encode()})

    return Target(run, ((bundle.path / name).read_bytes(),))


def _baseline(data: bytes, recipe: Recipe) -> None:
    with suppress(BundleError):
        document.parse(BASELINE, data, Baseline, BundleBaselineError).check(recipe)


def _loaded(bundle: Bundle, changed: Mapping[str, bytes]) -> None:
    """Load the bundle with some of its files replaced."""
    with TemporaryDirectory() as folder:
        for path in (path for path in bundle.path.rglob("*") if path.is_file()):
            name = str(path.relative_to(bundle.path))
            target = Path(folder) / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(changed.get(name, path.read_bytes()))
        with suppress(BundleError, RecipeError):
            bundles.load(folder)


def _graph(data: bytes, bundle: Bundle) -> None:
    with suppress(BundleError, EngineError):
        check_graph(data, bundle.recipe)
        Engine(data, threads=1, patch_size=bundle.recipe.patch.size_px)


def _entry() -> Entry:
    facts: dict[str, Any] = {"version": "1", "count": 3, "share": 0.5}
    return Entry(seq=1, utc_us=2, monotonic_us=3, body=Event(kind=EventKind.START, facts=facts))


def _record(data: bytes) -> None:
    with suppress(canonical.NotCanonical):
        if canonical.form(canonical.parse(data)) != data:
            raise Broken("a record in two forms")


def _head(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / HEAD).write_bytes(data)
        read_head(Path(folder))


def _keys() -> tuple[bytes, ...]:
    with TemporaryDirectory() as folder:
        private, public = Path(folder) / "private", Path(folder) / "public"
        ed25519.make(private, public)
        return private.read_bytes(), public.read_bytes()


def _key(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        path.write_bytes(data)
        path.chmod(0o600)
        for load in (ed25519.load_private, ed25519.load_public):
            with suppress(BundleKeyError):
                load(path, "key", BundleKeyError)
        with suppress(CertificateError):
            certificates.certificates_in(path)
