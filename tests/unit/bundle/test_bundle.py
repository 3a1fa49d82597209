"""A bundle is read whole and verified, or refused with the reason."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import pytest

from stripsight import bundle as bundles
from stripsight.bundle import Bundle, ChallengeStrip, load
from stripsight.engine import Engine
from stripsight.errors import (
    BundleChallengeInvalid,
    BundleError,
    BundleExists,
    BundleFileChanged,
    BundleFileMissing,
    BundleFileUnlisted,
    BundleGraphSignature,
    BundleGraphUnsafe,
    BundleNotFound,
    BundlePathError,
    BundleThresholdsError,
    BundleVersionError,
    RecipeError,
    StripsightError,
)
from stripsight.frame import PixelFormat, decode_strip
from stripsight.patches import crop
from stripsight.recipe import load_recipe
from stripsight.verdict import Verdict
from stripsight_lab.graph.assemble import assemble

Change = Callable[[Path], object]

CHALLENGE, REGIONS = "challenge/challenge.json", "regions"


@pytest.fixture
def folder(strip_bundle: Bundle, tmp_path: Path) -> Path:
    """A copy of a sound bundle, to be changed."""
    return Path(shutil.copytree(strip_bundle.path, tmp_path / "bundle"))


def relisted(folder: Path) -> None:
    """List the files as they are now: what follows is about their contents."""
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    edit(folder / "manifest.json", lambda manifest: manifest.update(files=files))


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON file."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def flip(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def test_what_is_written_comes_back(strip_bundle: Bundle) -> None:
    """A bundle has its recipe, thresholds, graph, card and provenance, and an id of its content."""
    again = load(strip_bundle.path)
    manifest = (strip_bundle.path / "manifest.json").read_bytes()
    assert again.bundle_id == strip_bundle.bundle_id == hashlib.sha256(manifest).hexdigest()
    assert again.recipe.product.name == "small-5x4"
    assert list(again.thresholds.values) == ["R0", "R1", "R2", "R3"]
    assert again.graph == (strip_bundle.path / "inspect.onnx").read_bytes()
    assert again.card == "# A bundle for tests\n"
    assert again.manifest.provenance == {"commit": "none", "seeds": [101, 102, 103]}


def test_the_challenge_set_comes_back(strip_bundle: Bundle, strip: Callable[..., Any]) -> None:
    """Challenge strips come back with their pixels, as PNG, and their expected scores and verdicts."""
    good, bad = load(strip_bundle.path).challenge
    assert [(s.name, s.truth, s.verdict) for s in (good, bad)] == [
        ("good", "good", Verdict.ACCEPT),
        ("speckle", "defective", Verdict.REJECT),
    ]
    assert {frame.pixel_format for frame in good.frames} == {PixelFormat.PNG}
    assert (good.scores.dtype, good.scores.shape) == (np.float32, (60,))
    recipe = strip_bundle.recipe
    for one, other in zip(decode_strip(good.frames, recipe), decode_strip(strip(recipe, 101), recipe), strict=True):
        assert np.array_equal(one.pixels, other.pixels)


def test_a_bundle_of_one_item(item_bundle: Bundle) -> None:
    """One frame, one item and one region are a product too."""
    assert item_bundle.recipe.patch_count == 1
    assert [len(strip.scores) for strip in item_bundle.challenge] == [1, 1]


def test_others_can_read_it(strip_bundle: Bundle) -> None:
    """The service, which runs as another user, may enter every directory."""
    folders = [strip_bundle.path, strip_bundle.path / "challenge", strip_bundle.path / "challenge" / "good"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o755] * 3


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            lambda f: flip(f / "inspect.onnx"),
            BundleFileChanged,
            "inspect.onnx: expected sha256 [0-9a-f]{64}, found",
        ),
        (lambda f: flip(f / "CARD.md"), BundleFileChanged, "CARD.md: expected sha256"),
        (
            lambda f: flip(f / "challenge/good/7.png"),
            BundleFileChanged,
            "challenge/good/7.png: expected sha256",
        ),
        (lambda f: (f / "inspect.onnx").unlink(), BundleFileMissing, "inspect.onnx"),
        (lambda f: (f / "challenge/good/7.png").unlink(), BundleFileMissing, "challenge/good/7.png"),
        (lambda f: (f / "notes.txt").write_text("hi"), BundleFileUnlisted, "notes.txt"),
        (lambda f: (f / "challenge/x.png").write_text("hi"), BundleFileUnlisted, "challenge/x.png"),
        (lambda f: (f / "manifest.json").unlink(), BundleNotFound, "manifest.json"),
        (shutil.rmtree, BundleNotFound, "No such file"),
        (lambda f: (f / "link").symlink_to("/etc/passwd"), BundlePathError, "link: expected a plain file"),
        (lambda f: (f / "link").symlink_to(f / "challenge"), BundlePathError, "link: expected a plain file"),
        (lambda f: os.mkfifo(f / "pipe"), BundlePathError, "pipe: expected a plain file"),
        (lambda f: (f / "manifest.json").write_text("{"), BundleError, "manifest.json: expected JSON"),
    ],
)
def test_files_that_are_not_as_listed(change: Change, error: type[BundleError], words: str, folder: Path) -> None:
    """A file that is changed, missing, unlisted, a link or no file at all refuses the bundle, by name."""
    change(folder)
    with pytest.raises(error, match=words) as caught:
        load(folder)
    assert type(caught.value) is error


def test_a_required_file_cannot_be_left_out(folder: Path) -> None:
    """A manifest that lists too little does not make a bundle of it."""
    (folder / "thresholds.json").unlink()
    relisted(folder)
    with pytest.raises(BundleFileMissing, match=r"thresholds.json"):
        load(folder)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "challenge/../CARD.md", "./CARD.md", "challenge\\x", "a//b", ""]
)
def test_a_path_that_leaves_the_bundle(name: str, folder: Path) -> None:
    """The manifest names files inside the bundle, plainly."""
    edit(folder / "manifest.json", lambda manifest: manifest["files"].update({name: "0" * 64}))
    with pytest.raises(BundlePathError, match="plain paths inside the bundle"):
        load(folder)


def test_a_file_swapped_for_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    """The same bytes behind a link are refused: they could change after the check."""
    (folder / "CARD.md").rename(tmp_path / "card")
    (folder / "CARD.md").symlink_to(tmp_path / "card")
    with pytest.raises(BundlePathError, match=r"CARD.md"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "change", "error", "words"),
    [
        (
            "manifest.json",
            lambda m: m.update(schema_version=2),
            BundleVersionError,
            "schema_version 1, found 2",
        ),
        (
            "manifest.json",
            lambda m: m.pop("schema_version"),
            BundleVersionError,
            "schema_version 1, found None",
        ),
        ("manifest.json", lambda m: m.pop("provenance"), BundleError, "provenance: Field required"),
        ("thresholds.json", lambda t: t.update(schema_version=2), BundleVersionError, "thresholds.json"),
        ("thresholds.json", lambda t: t[REGIONS].pop("R2"), BundleThresholdsError, "R0.*found.*R0.*R1.*R3"),
        ("thresholds.json", lambda t: t[REGIONS].update(R9={"threshold": 1}), BundleThresholdsError, "R9"),
        (
            "thresholds.json",
            lambda t: t[REGIONS].update(R1={}),
            BundleThresholdsError,
            "regions.R1.threshold",
        ),
        (
            "thresholds.json",
            lambda t: t[REGIONS].update(R1={"threshold": "1"}),
            BundleThresholdsError,
            "'1'",
        ),
        (
            "thresholds.json",
            lambda t: t[REGIONS].update(R1={"threshold": 0}),
            BundleThresholdsError,
            "above 0",
        ),
        (
            CHALLENGE,
            lambda c: c.update(strips=[]),
            BundleChallengeInvalid,
            "found no strips",
        ),
        (CHALLENGE, lambda c: c["strips"].pop(0), BundleChallengeInvalid, "found REJECT"),
        (CHALLENGE, lambda c: c["strips"].pop(1), BundleChallengeInvalid, "found ACCEPT"),
        (CHALLENGE, lambda c: c.update(tolerance=1), BundleChallengeInvalid, "tolerance"),
        (
            CHALLENGE,
            lambda c: c["strips"][0]["scores"].pop(),
            BundleChallengeInvalid,
            "60 scores for strip good, found 59",
        ),
        (
            CHALLENGE,
            lambda c: c["strips"][0].update(verdict="REJECT"),
            BundleChallengeInvalid,
            "verdict ACCEPT from the scores of strip good, found REJECT",
        ),
        (
            CHALLENGE,
            lambda c: c["strips"][0].update(name="../good"),
            BundleChallengeInvalid,
            "strips.0.name",
        ),
        (
            CHALLENGE,
            lambda c: c["strips"][0].update(name="better"),
            BundleChallengeInvalid,
            "challenge/better/0.png, found no such file",
        ),
    ],
)
def test_contents_that_do_not_fit(
    *, name: str, change: Change, error: type[BundleError], words: str, folder: Path
) -> None:
    """With every digest right, a version, threshold or challenge strip that does not fit still refuses it."""
    edit(folder / name, change)
    if name != "manifest.json":
        relisted(folder)
    with pytest.raises(error, match=words) as caught:
        load(folder)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("recipe.toml", RecipeError),
        ("inspect.onnx", BundleGraphUnsafe),
        ("thresholds.json", BundleThresholdsError),
    ],
)
def test_contents_that_are_nothing(name: str, error: type[StripsightError], folder: Path) -> None:
    """An empty file of the right digest is refused by its own part."""
    (folder / name).write_bytes(b"")
    relisted(folder)
    with pytest.raises(error):
        load(folder)


def test_a_changed_threshold_is_a_new_bundle(strip_bundle: Bundle, folder: Path) -> None:
    """Any change of content changes the id."""
    edit(folder / "thresholds.json", lambda t: t[REGIONS]["R0"].update(note="looked at again"))
    relisted(folder)
    assert load(folder).bundle_id != strip_bundle.bundle_id


def rewritten(bundle: Bundle, path: Path, **changes: Any) -> Bundle:
    """Write the parts of a bundle again, with changes."""
    parts: dict[str, Any] = {
        "recipe_text": (bundle.path / "recipe.toml").read_text(),
        "graph": bundle.graph,
        "thresholds": {name: {"threshold": value} for name, value in bundle.thresholds.values.items()},
        "challenge": bundle.challenge,
        "card_text": bundle.card,
        "provenance": {},
    }
    return bundles.write(path, **(parts | changes))


def test_a_bundle_is_never_overwritten(strip_bundle: Bundle, tmp_path: Path) -> None:
    """What is there stays: a bundle, an empty folder, a file, even a link to nowhere."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (strip_bundle.path, *(tmp_path / name for name in ("folder", "file", "link"))):
        with pytest.raises(BundleExists):
            rewritten(strip_bundle, taken)
    assert load(strip_bundle.path).bundle_id == strip_bundle.bundle_id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link"]


def test_what_would_be_refused_is_not_written(strip_bundle: Bundle, tmp_path: Path) -> None:
    """A bundle that could not be loaded leaves nothing behind, not even a draft."""
    with pytest.raises(BundleThresholdsError):
        rewritten(strip_bundle, tmp_path / "bundle", thresholds={"R0": {"threshold": 1.0}})
    with pytest.raises(BundleGraphUnsafe):
        rewritten(strip_bundle, tmp_path / "bundle", graph=b"nothing")
    good, bad = strip_bundle.challenge
    lost = replace(good, frames=good.frames[:2])
    with pytest.raises(BundleChallengeInvalid, match=r"15.png"):
        rewritten(strip_bundle, tmp_path / "bundle", challenge=[lost, bad])
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_is_the_same_bundle(strip_bundle: Bundle, tmp_path: Path) -> None:
    """Written twice from the same parts, a bundle has the same id, and missing folders above it are made."""
    one, other = (rewritten(strip_bundle, tmp_path / name / "bundle") for name in ("one", "other"))
    assert one.bundle_id == other.bundle_id
    assert one.path != other.path


def by_map(bundle: Bundle, graph: bytes) -> dict[str, Any]:
    """What makes a bundle of maps of the parts of another: recipe, graph, and the scores that it gives."""
    text = (bundle.path / "recipe.toml").read_text() + '\n[scoring]\nmethod = "anomaly_map"\n'
    recipe = load_recipe(text)
    engine = Engine(graph, threads=1, patch_size=32, patches_per_frame=20)

    def scored(strip: ChallengeStrip) -> ChallengeStrip:
        return replace(strip, scores=engine.infer(crop(decode_strip(strip.frames, recipe), recipe)).scores)

    good, bad = (scored(strip) for strip in bundle.challenge)
    between = (good.scores.max() + bad.scores.max()).item() / 2
    thresholds = {region.name: {"threshold": between} for region in recipe.regions}
    return {"recipe_text": text, "graph": graph, "challenge": (good, bad), "thresholds": thresholds}


RANGE = """
<ir_version: 8, opset_import: ["" : 18]>
g (float[N,1,32,32] x) => (float[N,1,32,32] y, float[N,8,8] m) {
    channel = Constant<value_ints = [1]>()
    y = Identity(x)
    most = MaxPool<kernel_shape = [4, 4], strides = [4, 4]>(x)
    negative = Neg(x)
    least = MaxPool<kernel_shape = [4, 4], strides = [4, 4]>(negative)
    range = Add(most, least)
    m = Squeeze(range, channel)
}"""


def test_a_bundle_may_hold_a_fusing_graph(strip_bundle: Bundle, tmp_path: Path, fuse_of: Callable[..., bytes]) -> None:
    """It is listed and comes back as the bytes that were hashed; any other content of the file is refused."""
    graph = assemble(onnx.parser.parse_model(RANGE), patch_size=32).SerializeToString()
    fuse, parts = fuse_of("Identity(frame_maps)", 60, 8), by_map(strip_bundle, graph)
    fused = rewritten(strip_bundle, tmp_path / "fused", **parts, fuse=fuse)
    assert fused.fuse == fuse == (fused.path / "fuse.onnx").read_bytes()
    assert "fuse.onnx" in fused.manifest.files
    assert rewritten(strip_bundle, tmp_path / "plain", **parts).fuse is None
    for wrong, error in ((b"nothing", BundleGraphUnsafe), (fuse_of("Neg(frame_maps)", 20, 8), BundleGraphSignature)):
        with pytest.raises(error, match=r"fuse.onnx: expected"):
            rewritten(strip_bundle, tmp_path / "wrong", **parts, fuse=wrong)
    flip(fused.path / "fuse.onnx")
    with pytest.raises(BundleFileChanged, match=r"fuse.onnx"):
        load(fused.path)


def test_a_bundle_that_scores_by_the_mean_holds_none(
    strip_bundle: Bundle, tmp_path: Path, fuse_of: Callable[..., bytes]
) -> None:
    """There are no maps to fuse."""
    with pytest.raises(BundleGraphSignature, match=r"fuse.onnx: expected no such file"):
        rewritten(strip_bundle, tmp_path / "bundle", fuse=fuse_of("Identity(frame_maps)", 60, 8))
