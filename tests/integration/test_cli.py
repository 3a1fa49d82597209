"""The commands as a person or a script runs them: what they print, what they write, how they end."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from stripsight.bundle import Bundle, Trust, load
from stripsight.frame import FrameData

ROOT = Path(__file__).parents[2]
FAR_S = 60.0
ACCEPT, REJECT, ERROR, BUNDLE, PROVIDER = 0, 1, 2, 3, 4

Strip = Callable[..., tuple[FrameData, ...]]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stripsight", *map(str, arguments)],
        env=os.environ | {"COLUMNS": "120"} | environment,
        capture_output=True,
        text=True,
        timeout=FAR_S,
        check=False,
    )


def files(frames: tuple[FrameData, ...], folder: Path) -> list[Path]:
    """Write MONO8 frames as PNG files, named by their index."""
    paths = []
    for frame in frames:
        pixels = np.frombuffer(frame.data, np.uint8).reshape(frame.height_px, frame.width_px)
        paths.append(folder / f"{frame.index}.png")
        assert cv2.imwrite(str(paths[-1]), pixels)
    return paths


@pytest.fixture
def good(strip_bundle: Bundle, strip: Strip, tmp_path: Path) -> list[Path]:
    """The files of a good strip."""
    return files(strip(strip_bundle.recipe, 101), tmp_path)


@pytest.fixture
def defective(strip_bundle: Bundle, strip: Strip, tmp_path: Path) -> list[Path]:
    """The files of a strip with a speckle in the last region of the last frame."""
    return files(strip(strip_bundle.recipe, 104, defective=True), tmp_path)


def test_inspect_ends_with_0_for_an_accept(strip_server: Any, good: list[Path]) -> None:
    """And prints the verdict with every region."""
    ended = run("inspect", *good, "--target", strip_server.target)
    assert (ended.returncode, ended.stderr) == (ACCEPT, "")
    assert ended.stdout.startswith("ACCEPT")
    assert ended.stdout.count("R3") == 5


def test_inspect_ends_with_1_for_a_reject_and_writes_the_heatmap(
    strip_server: Any, defective: list[Path], tmp_path: Path
) -> None:
    """The picture is named by frame, vial and region; the JSON holds the reply without pictures."""
    folder = tmp_path / "new" / "heatmaps"
    ended = run("inspect", *defective, "--target", strip_server.target, "--json", "--heatmaps", folder)
    assert (ended.returncode, ended.stderr) == (REJECT, "")
    answer = json.loads(ended.stdout)
    assert answer["accept"] is False
    assert (answer["inspection"]["verdict"], answer["inspection"]["causes"]) == (
        "VERDICT_REJECT",
        ["CAUSE_ANOMALY"],
    )
    assert [heatmap["region"] for heatmap in answer["inspection"]["heatmaps"]] == ["R3"]
    assert [path.name for path in folder.iterdir()] == ["15-V5-R3.png"]
    picture = cv2.imread(str(folder / "15-V5-R3.png"))
    assert picture is not None
    assert picture.shape == (32, 32, 3)


def test_inspect_says_the_reason_of_a_refusal(strip_server: Any, good: list[Path]) -> None:
    """A call that the service refuses is neither accept nor reject."""
    ended = run("inspect", *good, "--target", strip_server.target, "--product", "another")
    assert (ended.returncode, ended.stdout) == (ERROR, "")
    assert ended.stderr.startswith("stripsight: PRODUCT_MISMATCH: product: expected 'small-5x4'")


def test_inspect_takes_files_only_where_they_belong(strip_server: Any, good: list[Path]) -> None:
    """Too few files, frames in another order than their names say, and a file that is no PNG are errors."""
    first, second, third = good
    target = ("--target", strip_server.target)
    assert "expected 3 frames" in run("inspect", first, second, *target).stderr
    assert "expected frame 7 in this place, found 15" in run("inspect", first, third, second, *target).stderr
    first.write_bytes(b"\xff\xd8\xff")
    ended = run("inspect", *good, *target)
    assert (ended.returncode, ended.stderr.count("\n")) == (ERROR, 1)
    assert "expected a PNG file" in ended.stderr


@pytest.mark.parametrize("command", ["inspect", "status"])
def test_without_a_server_there_is_no_answer(command: str, good: list[Path]) -> None:
    """Exit status 2 and one plain line."""
    frames = good if command == "inspect" else []
    ended = run(command, *frames, "--target", "127.0.0.1:1")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (ERROR, "", 1)
    assert ended.stderr.startswith("stripsight: UNAVAILABLE")


def test_status_tells_what_is_served(strip_server: Any, strip_bundle: Bundle) -> None:
    """As a table, and as JSON; the target may come from the environment."""
    ended = run("status", "--target", strip_server.target)
    assert ended.returncode == 0
    assert strip_bundle.bundle_id in ended.stdout
    assert "SERVING" in ended.stdout
    ended = run("status", "--json", STRIPSIGHT_TARGET=strip_server.target)
    assert json.loads(ended.stdout)["product"]["name"] == "small-5x4"


def test_bundle_show_tells_what_it_inspects(strip_bundle: Bundle) -> None:
    """Id, product, geometry and each region's threshold."""
    ended = run("bundle", "show", strip_bundle.path)
    assert (ended.returncode, ended.stderr) == (0, "")
    for text in (strip_bundle.bundle_id, "small-5x4", "60 of 32 px", str(strip_bundle.thresholds["R2"])):
        assert text in ended.stdout


def test_bundle_verify_runs_the_challenge_set(strip_bundle: Bundle) -> None:
    """On the provider that is named, and says so."""
    ended = run("bundle", "verify", strip_bundle.path, "--provider", "cpu")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"bundle {strip_bundle.bundle_id} is good: 2 challenge strips passed on cpu" in ended.stdout


def test_a_bundle_is_signed_and_served_by_its_key(strip_bundle: Bundle, tmp_path: Path) -> None:
    """A key is made, signs, and is what verify and serve ask for; anybody else's bundle is refused by both."""
    key, bundle = tmp_path / "plant.key", Path(shutil.copytree(strip_bundle.path, tmp_path / "bundle"))
    assert run("bundle", "keygen", key).returncode == 0
    served = ("serve", "--bundle-keys", key.with_suffix(".pub"), "--bundle")
    for unsigned in (("bundle", "verify", bundle, "--key", key.with_suffix(".pub")), (*served, bundle)):
        ended = run(*unsigned, STRIPSIGHT_DEVELOPMENT_MODE="0")
        assert (ended.returncode, ended.stderr.count("\n")) == (BUNDLE, 1)
        assert ended.stderr.startswith("stripsight: BUNDLE_UNSIGNED: manifest.sig: expected the signature")
    assert run("bundle", "sign", bundle, STRIPSIGHT_SIGNING_KEY=str(key)).returncode == 0
    ended = run("bundle", "verify", bundle, "--key", tmp_path, "--provider", "cpu")
    assert f"bundle {strip_bundle.bundle_id}: signed by a trusted key" in ended.stdout
    assert run("bundle", "keygen", key).returncode == ERROR


def test_the_bundle_that_ships_is_signed() -> None:
    """By the key whose public half is in deploy/keys."""
    assert load(ROOT / "models" / "bundles" / "bfs-5x4", Trust.of(ROOT / "deploy" / "keys")).signature_trusted


def test_bundle_commands_refuse_as_the_server_does(strip_bundle: Bundle, tmp_path: Path) -> None:
    """No bundle, or no GPU: the same words and the same status."""
    for command in ("show", "verify"):
        ended = run("bundle", command, tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (BUNDLE, "", 1)
        assert ended.stderr.startswith("stripsight: BUNDLE_NOT_FOUND")
    ended = run("bundle", "verify", strip_bundle.path, CUDA_VISIBLE_DEVICES="-1")
    assert ended.returncode == PROVIDER
    assert "expected cuda, found cpu" in ended.stderr.splitlines()[-1]


def test_serve_takes_its_options_before_the_environment(tmp_path: Path) -> None:
    """An option wins over its variable, and a wrong one is named."""
    ended = run("serve", "--bundle", tmp_path / "option", STRIPSIGHT_BUNDLE=str(tmp_path / "variable"))
    assert ended.returncode == BUNDLE
    assert str(tmp_path / "option") in ended.stderr
    ended = run("serve", "--bundle", tmp_path, "--listen", "nowhere")
    assert (ended.returncode, ended.stderr.count("\n")) == (ERROR, 1)
    assert "STRIPSIGHT_LISTEN" in ended.stderr
    assert "STRIPSIGHT_BUNDLE" in run("serve").stderr


def test_help_loads_nothing_heavy() -> None:
    """Commands answer quickly: gRPC, NumPy, OpenCV, ONNX and pydantic wait until they are needed."""
    program = "import sys, stripsight.cli.app; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=FAR_S, check=True)
    heavy = {"grpc", "numpy", "cv2", "onnx", "onnxruntime", "pydantic", "google.protobuf"}
    assert not heavy & set(ended.stdout.split())
