"""Training of the shipped generator, on toy patches."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stripsight_lab.crops import make_batch
from stripsight_lab.network.refiner import RefinerSettings
from stripsight_lab.train_refiner import load_generator, train
from stripsight_lab.train_settings import TrainSettings, learning_rate

TOY = TrainSettings(
    components=2, refiner=RefinerSettings(16, 16, 4), steps=12, patches_per_region=2, crops_per_patch=1, crop=32,
    warm_up=2, save_every=5, log_every=1,
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two regions of 40 patches: a ramp that shifts, with a bubble at a random place."""
    rng = np.random.default_rng(2)
    patches = np.empty((2, 40, 64, 64), np.uint8)
    for region, index in np.ndindex(2, 40):
        patch = np.tile(np.linspace(80, 200, 64) + rng.normal(0, 8), (64, 1))
        y, x = rng.integers(4, 56, 2)
        patch[y : y + 6, x : x + 6] = 30
        patches[region, index] = (patch if region == 0 else patch.T).clip(0, 255)
    np.save(tmp_path / "patches.npy", patches)
    return tmp_path


def losses(folder: Path) -> dict[int, float]:
    """The logged losses by step; a step logged twice must agree with itself."""
    rows = [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]
    return {row["step"]: row["loss"] for row in rows}


def test_a_stopped_training_goes_on_with_the_same_losses(data: Path) -> None:
    """Twelve steps in one go, and twelve with a stop after the fifth, give the same losses and weights."""
    whole = train(data, data / "whole", TOY)

    class Stopped(Exception):
        """Stands for a kill after a checkpoint."""

    def stop(step: int) -> None:
        if step == 7:
            raise Stopped

    with pytest.raises(Stopped):
        train(data, data / "parts", TOY, after_step=stop)
    parts = train(data, data / "parts", TOY)
    assert losses(data / "whole") == losses(data / "parts")
    first, second = (load_generator(path).state_dict() for path in (whole, parts))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_other_settings_do_not_continue_a_checkpoint(data: Path) -> None:
    """The error shows both, and the checkpoint stays."""
    path = train(data, data / "run", TOY)
    with pytest.raises(ValueError, match="use another folder"):
        train(data, data / "run", replace(TOY, seed=9))
    assert path.exists()


def test_crops_line_up_and_the_target_is_clean(data: Path) -> None:
    """Without corruption the input is the target; with it, only the input changes."""
    patches = np.load(data / "patches.npy")
    linear = load_generator(train(data, data / "run", replace(TOY, steps=1))).linear
    clean_x, _, clean_target = make_batch(patches, linear, replace(TOY, corruption=0.0), 3)
    x, _, target = make_batch(patches, linear, replace(TOY, corruption=1.0), 3)
    assert torch.equal(clean_x, clean_target)
    assert clean_x.shape == (4, 1, 32, 32)
    assert (x != target).any()


def test_learning_rate_warms_up_and_falls_to_one_percent() -> None:
    """Peak after the warm-up, a hundredth of it at the end."""
    settings = TrainSettings(steps=1000, warm_up=100, learning_rate=1.0)
    assert learning_rate(settings, 0) == pytest.approx(0.01)
    assert learning_rate(settings, 100) == pytest.approx(1.0)
    assert learning_rate(settings, 1000) == pytest.approx(0.01)
