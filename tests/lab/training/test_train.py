"""Training of the network that ships, on toy patches."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stripsight_lab.network.inspection import NetworkSettings
from stripsight_lab.network.trunk import TrunkSettings
from stripsight_lab.patches import ArrayPatches
from stripsight_lab.training.crops import Crops, inside, make_batch
from stripsight_lab.training.loss import refiner_loss
from stripsight_lab.training.settings import TrainSettings, learning_rate
from stripsight_lab.training.train import fit_linear, load_network, train

TOY = TrainSettings(
    components=2, network=NetworkSettings(TrunkSettings(16, 16), 4), periods=(12,),
    patches_per_region=2, crops_per_patch=1, crop=48, warm_up=2, save_every=5, log_every=1,
)  # fmt: skip


def toy_patches() -> ArrayPatches:
    """Two regions of 40 patches: a ramp that shifts, with a bubble at a random place."""
    rng = np.random.default_rng(2)
    patches = np.empty((2, 40, 64, 64), np.uint8)
    for region, index in np.ndindex(2, 40):
        patch = np.tile(np.linspace(80, 200, 64) + rng.normal(0, 8), (64, 1))
        y, x = rng.integers(4, 56, 2)
        patch[y : y + 6, x : x + 6] = 30
        patches[region, index] = (patch if region == 0 else patch.T).clip(0, 255)
    return ArrayPatches(patches)


@pytest.fixture(scope="module")
def patches() -> ArrayPatches:
    """The toy patches."""
    return toy_patches()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Several threads add up in an order that may differ, in the last digit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def losses(folder: Path) -> dict[int, tuple[float, float]]:
    """The logged losses by step; a step logged twice counts with its last line."""
    rows = [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]
    return {row["step"]: (row["refiner"], row["segmenter"]) for row in rows}


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_train import TOY, toy_patches
from stripsight_lab.training.train import train

def kill(step):
    if step == 7:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    train(toy_patches(), Path({out!r}), TOY, after_step=kill)
"""


@pytest.mark.usefixtures("one_thread")
def test_a_killed_training_goes_on_with_the_same_losses(patches: ArrayPatches, tmp_path: Path) -> None:
    """Twelve steps in one go, and twelve with a SIGKILL after the seventh, give the same losses and weights."""
    whole = train(patches, tmp_path / "whole", TOY)
    script = tmp_path / "killed.py"
    script.write_text(KILLED.format(tests=str(Path(__file__).parent), out=str(tmp_path / "parts")))
    killed = subprocess.run([sys.executable, str(script)], env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    parts = train(patches, tmp_path / "parts", TOY)
    assert losses(tmp_path / "whole") == losses(tmp_path / "parts")
    assert len(losses(tmp_path / "whole")) == 12
    first, second = (load_network(path).state_dict() for path in (whole, parts))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.usefixtures("one_thread")
def test_a_finished_training_goes_on_with_a_further_period(patches: ArrayPatches, tmp_path: Path) -> None:
    """A period added afterwards gives the losses and weights of one that was planned from the start."""
    longer = replace(TOY, periods=(*TOY.periods, 6))
    planned = train(patches, tmp_path / "planned", longer)
    train(patches, tmp_path / "added", TOY)
    added = train(patches, tmp_path / "added", longer)
    assert len(losses(tmp_path / "planned")) == 18
    assert losses(tmp_path / "planned") == losses(tmp_path / "added")
    first, second = (load_network(path).state_dict() for path in (planned, added))
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(ValueError, match=r"settings.* use another folder"):
        train(patches, tmp_path / "added", TOY)


@pytest.mark.parametrize("other", ["settings", "patches"])
def test_a_checkpoint_of_something_else_is_not_continued(patches: ArrayPatches, tmp_path: Path, other: str) -> None:
    """Other settings or other patches: the error names both, and the checkpoint stays."""
    path = train(patches, tmp_path, replace(TOY, periods=(2,)))
    before = path.read_bytes()
    settings = replace(TOY, periods=(2,), seed=9) if other == "settings" else replace(TOY, periods=(2,))
    shown = ArrayPatches(255 - patches.array) if other == "patches" else patches
    with pytest.raises(ValueError, match=rf"{other}.* use another folder"):
        train(shown, tmp_path, settings)
    assert path.read_bytes() == before


def test_crops_line_up_and_the_target_is_clean(patches: ArrayPatches) -> None:
    """Without corruption the input is the target; with it, only the input changes. Each crop is one of its patch."""
    linear = fit_linear(patches, TOY.components, TOY.seed)
    clean = make_batch(patches, linear, replace(TOY, corruption=0.0), 3)
    assert torch.equal(clean.shown, clean.clean)
    assert clean.shown.shape == clean.linear.shape == clean.inside.shape == (4, 1, 48, 48)
    corrupted = make_batch(patches, linear, replace(TOY, corruption=1.0), 3)
    assert (corrupted.shown != corrupted.clean).any()
    known = {
        patches.array[region, index, top : top + 48, left : left + 48].tobytes()
        for region, index, row, column in np.ndindex(2, 40, 2, 2)
        for top, left in [(16 * row, 16 * column)]
    }
    assert all((crop[0] * 255).round().byte().numpy().tobytes() in known for crop in corrupted.clean)


@pytest.mark.parametrize(
    ("top", "left", "zero"),
    [(0, 0, "bottom right"), (16, 16, "top left bottom right"), (40, 0, "top right"), (40, 40, "top left")],
)
def test_the_patchs_own_edges_count(top: int, left: int, zero: str) -> None:
    """A crop of 40 in a patch of 80 leaves 16 px out along a cut edge, and none along an edge of the patch."""
    seen = inside(top, left, 40, 80)
    edges = {"top": seen[:16], "bottom": seen[-16:], "left": seen[:, :16], "right": seen[:, -16:]}
    assert {name for name, edge in edges.items() if not edge.any()} == set(zero.split())
    assert seen[16:-16, 16:-16].all()


def test_training_learns_to_redraw_and_to_tell(patches: ArrayPatches, tmp_path: Path) -> None:
    """After 300 steps unseen crops are redrawn better than by the linear part, and corruption is told from the rest."""
    settings = replace(TOY, periods=(300,), save_every=300, average=0.9)
    network = load_network(train(patches, tmp_path, settings))
    tests = [make_batch(patches, network.generator.linear, settings, 1_000_000 + i) for i in range(20)]
    crops = Crops(*(torch.cat(part) for part in zip(*(vars(one).values() for one in tests), strict=True)))
    with torch.no_grad():
        redrawn, odds = network.judged(crops.shown, crops.linear)
    refined, linear = (refiner_loss(one, crops.clean, crops.inside, 4.0) for one in (redrawn, crops.linear))
    assert refined < linear
    change = torch.nn.functional.max_pool2d((crops.shown - crops.clean).abs(), 4).squeeze(1)
    assert odds[change > 0.2].mean() > odds[change == 0].mean() + 2


def test_learning_rate_warms_up_falls_and_restarts_at_a_third() -> None:
    """Peak after the warm-up, a hundredth of it at a period's end, a third of it at the restart."""
    settings = TrainSettings(periods=(1000, 500), warm_up=100, learning_rate=1.0)
    assert learning_rate(settings, 0) == pytest.approx(0.01)
    assert learning_rate(settings, 100) == pytest.approx(1.0)
    assert learning_rate(settings, 550) == pytest.approx(0.01 + 0.99 * 0.5)
    assert learning_rate(settings, 999) == pytest.approx(0.01, abs=1e-4)
    assert learning_rate(settings, 1000) == pytest.approx(1 / 3)
    assert learning_rate(settings, 1250) == pytest.approx((0.01 + 0.99 * 0.5) / 3)
    assert learning_rate(settings, 1500) == pytest.approx(0.01 / 3)
