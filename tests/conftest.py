"""Small real bundles, and pictures to inspect with them: real graph, real engine, real files."""

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from stripsight import bundle as bundles
from stripsight.bundle import Bundle, ChallengeStrip
from stripsight.certificates.folder import make_folder
from stripsight.certificates.watch import utc_now
from stripsight.engine import Engine
from stripsight.frame import FrameData, PixelFormat, crc32c, decode_strip
from stripsight.patches import crop
from stripsight.recipe import Place, Recipe, load_recipe
from stripsight.start import start_engine
from stripsight.verdict import Verdict
from stripsight_lab.graph.assemble import assemble

# No test passes or fails by the clock.
# The bundles of tests are signed by nobody. A test of signatures turns it off where it starts a server.
os.environ["STRIPSIGHT_DEVELOPMENT_MODE"] = "1"

settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")

TLS_FILES = {"cert": "tls.crt", "key": "tls.key", "client_ca": "ca.crt"}

STRIP = """
schema_version = 1

[product]
name = "small-5x4"
title = "Five small vials of four regions, three frames"

[frame]
width_px = 408
height_px = 144
indices = [0, 7, 15]
pixel_formats = ["MONO8", "MONO10", "MONO12", "PNG"]

[patch]
size_px = 32

[[vials]]
name = "V1"
left_px = 28
top_px = 8

[[vials]]
name = "V2"
left_px = 108
top_px = 8

[[vials]]
name = "V3"
left_px = 188
top_px = 8

[[vials]]
name = "V4"
left_px = 268
top_px = 8

[[vials]]
name = "V5"
left_px = 348
top_px = 8

[[regions]]
name = "R0"
title = "flag"
box = { left_px = 0, top_px = 0, right_px = 32, bottom_px = 32 }

[[regions]]
name = "R1"
title = "top body"
box = { left_px = 0, top_px = 32, right_px = 32, bottom_px = 64 }

[[regions]]
name = "R2"
title = "liquid body"
box = { left_px = 0, top_px = 64, right_px = 32, bottom_px = 96 }

[[regions]]
name = "R3"
title = "bottom"
box = { left_px = 0, top_px = 96, right_px = 32, bottom_px = 128 }

[slot]
duration_ms = 500

[checks.exposure]
mean_min = 90
mean_max = 200
saturated_max = 0.01

[checks.focus]
variance_min = 250

[checks.frozen]
remember_strips = 0

[checks.present]
vial_is = "dark"
level = 150
fraction_min = 0.3
fraction_max = 0.8
centre_x_px = 15.5
centre_y_px = 63.5
offset_x_max_px = 3
offset_y_max_px = 6
"""

ITEM = """
schema_version = 1

[product]
name = "one-item"

[frame]
width_px = 96
height_px = 80
indices = [3]
pixel_formats = ["MONO8", "PNG"]

[patch]
size_px = 48

[[vials]]
name = "item"
left_px = 24
top_px = 16

[[regions]]
name = "whole"
box = { left_px = 0, top_px = 0, right_px = 48, bottom_px = 48 }

[slot]
duration_ms = 200
"""


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of certificates that are valid now: server/ and one for each role, as `stripsight certs init` makes."""
    folder = tmp_path_factory.mktemp("certificates") / "pki"
    make_folder(folder, ["localhost", "127.0.0.1"], utc_now(), timedelta(days=90))
    return folder


@pytest.fixture(scope="session")
def tls(pki: Path) -> dict[str, Path]:
    """Settings of a server by TLS with these."""
    return {f"tls_{name}": pki / "server" / file for name, file in TLS_FILES.items()}


@pytest.fixture(scope="session")
def strip_recipe() -> Recipe:
    """Three frames, five vials, four regions: 60 patches of 32 px, all image checks but the capture times."""
    return load_recipe(STRIP)


@pytest.fixture(scope="session")
def item_recipe() -> Recipe:
    """One frame, one item, one region, no checks."""
    return load_recipe(ITEM)


@pytest.fixture(scope="session")
def graph() -> Callable[[int], bytes]:
    """Make an inspect.onnx for a patch size, around a generator that blurs."""
    return blurring_graph


@pytest.fixture(scope="session")
def strip_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of `strip_recipe`, as written and read back."""
    return written(tmp_path_factory.mktemp("bundles") / "small-5x4", STRIP)


@pytest.fixture(scope="session")
def slack_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Another bundle for the same product: `strip_bundle` with thresholds twice as high."""
    return written(tmp_path_factory.mktemp("bundles") / "slack-5x4", STRIP, slack=3.0)


@pytest.fixture(scope="session")
def item_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of `item_recipe`, as written and read back."""
    return written(tmp_path_factory.mktemp("bundles") / "one-item", ITEM)


@pytest.fixture(scope="session")
def strip_engine(strip_bundle: Bundle) -> Engine:
    """The engine on `strip_bundle`, on one CPU thread."""
    return start_engine(strip_bundle, threads=1)


@pytest.fixture(scope="session")
def picture() -> Callable[..., NDArray[np.uint8]]:
    """Paint a frame: `picture(recipe, seed, defect_at=None)`, uint8 [H, W]; a seed always paints the same."""
    return painted


@pytest.fixture(scope="session")
def as_sent() -> Callable[..., FrameData]:
    """Make a FrameData of pixels: `as_sent(index, pixels, pixel_format=MONO8)`."""
    return sent


@pytest.fixture(scope="session")
def strip() -> Callable[..., tuple[FrameData, ...]]:
    """Paint a strip: `strip(recipe, seed, defective=False)`, its frames in order as MONO8.

    A defective one has a speckle on the last vial's last region, in the last frame.
    """
    return painted_strip


@pytest.fixture
def address() -> str:
    """An address of this machine that nothing listens on, for a program that is told its port.

    Below the range of ports that the system gives out, so that no other test is given it meanwhile.
    """
    while True:
        port = secrets.choice(range(20_000, 30_000))  # not `random`, which each test begins with the same seed
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return f"127.0.0.1:{port}"


def blurring_graph(patch_size: int) -> bytes:
    """Redraw by a 5 x 5 mean: smooth patches come back alike, speckled ones do not."""
    size = ["N", 1, patch_size, patch_size]
    node = helper.make_node("Conv", ["x", "weights"], ["y"], auto_pad="SAME_UPPER")
    weights = numpy_helper.from_array(np.full((1, 1, 5, 5), 1 / 25, np.float32), "weights")
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size) for name in ("x", "y")]
    blur = helper.make_graph([node], "blur", [ends[0]], [ends[1]], [weights])
    model = helper.make_model(blur, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return assemble(model, patch_size=patch_size).SerializeToString()


def painted(recipe: Recipe, seed: int, defect_at: Place | None = None) -> NDArray[np.uint8]:
    """Paint dark rounded vials on a bright ground, with a little sensor noise."""
    random = np.random.default_rng(seed)
    pixels = np.full((recipe.frame.height_px, recipe.frame.width_px), 200, np.float32)
    for box in recipe.vial_boxes.values():
        inset = box.width_px // 6
        left_top = box.left_px + inset, box.top_px + inset
        cv2.rectangle(pixels, left_top, (box.right_px - 1 - inset, box.bottom_px - 1 - inset), (90,), -1)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 1.5) + random.normal(0, 1, pixels.shape)
    if defect_at is not None:
        rows, columns = defect_at.box.slices
        speckle = pixels[rows, columns][10:20, 10:20]
        speckle += random.choice([-60, 60], speckle.shape)
    return pixels.round().clip(0, 255).astype(np.uint8)


def sent(
    index: int, pixels: NDArray[np.generic], pixel_format: PixelFormat = PixelFormat.MONO8, **changes: Any
) -> FrameData:
    """Encode pixels as a machine would; `changes` come last, so that a frame can be wrong in one place."""
    if pixel_format is PixelFormat.PNG:
        data = cv2.imencode(".png", pixels)[1].tobytes()
    else:
        data = pixels.astype(np.uint8 if pixel_format is PixelFormat.MONO8 else "<u2").tobytes()
    frame = FrameData(index, data, pixel_format, pixels.shape[1], pixels.shape[0], crc32c(data))
    return replace(frame, **changes)


def painted_strip(recipe: Recipe, seed: int, defective: bool = False) -> tuple[FrameData, ...]:
    """Paint every frame of a strip."""
    seeds = {index: 1000 * seed + index for index in recipe.frame.indices}
    place = {recipe.frame.indices[-1]: recipe.patches[-1]} if defective else {}
    return tuple(sent(index, painted(recipe, seeds[index], place.get(index))) for index in seeds)


def written(path: Path, recipe_text: str, slack: float = 1.5) -> Bundle:
    """Write a bundle whose thresholds are `slack` times the worst of three good strips."""
    recipe = load_recipe(recipe_text)
    graph = blurring_graph(recipe.patch.size_px)
    size, per_frame = recipe.patch.size_px, recipe.patches_per_frame
    engine = Engine(graph, threads=1, patch_size=size, patches_per_frame=per_frame)

    def scores(frames: tuple[FrameData, ...]) -> NDArray[np.float32]:
        return engine.infer(crop(decode_strip(frames, recipe), recipe)).scores

    kit = np.stack([scores(painted_strip(recipe, seed)) for seed in (101, 102, 103)])
    worst = kit.reshape(-1, len(recipe.regions)).max(axis=0) * slack
    thresholds = {region.name: float(value) for region, value in zip(recipe.regions, worst, strict=True)}
    good, bad = painted_strip(recipe, 101), painted_strip(recipe, 104, defective=True)
    challenge = [
        ChallengeStrip("good", good, scores(good), Verdict.ACCEPT, "good"),
        ChallengeStrip("speckle", bad, scores(bad), Verdict.REJECT, "defective"),
    ]
    return bundles.write(
        path,
        recipe_text=recipe_text,
        graph=graph,
        thresholds={
            name: {"threshold": value, "method": f"{slack} x worst of 3"} for name, value in thresholds.items()
        },
        challenge=challenge,
        card_text="# A bundle for tests\n",
        provenance={"commit": "none", "seeds": [101, 102, 103]},
    )
