"""The training run and its checkpoints."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stripsight_lab.gan.checkpoint import load_autoencoder, resume, save
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Gan
from stripsight_lab.gan.train import train
from stripsight_lab.losses import ssim
from stripsight_lab.patches import ArrayPatches, fingerprint
from stripsight_lab.schedule import ScheduleSettings

Noise = Callable[..., NDArray[np.uint8]]
Trained = Callable[..., Path]


class Stopped(Exception):
    """Ends a training from within, at a step that the test chooses."""


def lines(out: Path, name: str = "losses.jsonl") -> list[dict[str, Any]]:
    """What was logged."""
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


@pytest.fixture
def small(noise: Noise, tiny: GanSettings) -> Trained:
    """Train on noise: `small(out, settings=tiny, seed=1, stop_at=None, **options)`."""

    def run(out: Path, settings: GanSettings = tiny, seed: int = 1, stop_at: int | None = None, **options: Any) -> Path:
        def after_step(made: int) -> None:
            if made == stop_at:
                raise Stopped

        validation = options.pop("validation", None)
        return train(
            ArrayPatches(noise(seed)), validation, out, settings, device="cpu", after_step=after_step, **options
        )

    return run


@pytest.fixture(scope="module")
def whole(noise: Noise, tiny: GanSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never stopped."""
    out = tmp_path_factory.mktemp("whole")
    return train(ArrayPatches(noise(1)), ArrayPatches(noise(9)), out, tiny, device="cpu").parent


def test_each_step_is_logged(whole: Path) -> None:
    """3 epochs of two batches, the schedule's first restart, at a third, after one epoch."""
    assert [line["step"] for line in lines(whole)] == [0, 1, 2, 3, 4, 5]
    assert [line["rate"] for line in lines(whole)][:3] == pytest.approx([1.5e-4, 0.75e-4, 0.5e-4])


@pytest.mark.parametrize("stop_at", [1, 3, 4])
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    tmp_path: Path, whole: Path, small: Trained, noise: Noise, stop_at: int
) -> None:
    """Stopped before the first checkpoint, after one, at one: the same losses to the last digit, the same weights."""
    validation = ArrayPatches(noise(9))
    with pytest.raises(Stopped):
        small(tmp_path, stop_at=stop_at, save_every=2, validation=validation)
    small(tmp_path, validation=validation)
    assert lines(tmp_path) == lines(whole)
    assert lines(tmp_path, "validation.jsonl") == lines(whole, "validation.jsonl")
    first, second = (torch.load(out / "checkpoint.pt", weights_only=True) for out in (whole, tmp_path))
    for network in ("generator", "discriminator"):
        assert all(torch.equal(first[network][k], second[network][k]) for k in first[network])


def test_lines_after_the_last_checkpoint_are_replaced(tmp_path: Path, whole: Path, small: Trained) -> None:
    """A killed run leaves lines that its checkpoint has not seen, the last one torn."""
    with pytest.raises(Stopped):
        small(tmp_path, stop_at=2, save_every=2)
    with (tmp_path / "losses.jsonl").open("a") as log:
        log.write('{"step": 2, "rate": 0.5}\n{"step": 3, "ra')
    small(tmp_path)
    assert lines(tmp_path) == lines(whole)


def test_a_run_that_is_over_is_left_as_it_is(whole: Path, noise: Noise, tiny: GanSettings) -> None:
    """Training again makes no step and keeps every line."""
    before = lines(whole)
    made: list[int] = []
    train(ArrayPatches(noise(1)), ArrayPatches(noise(9)), whole, tiny, device="cpu", after_step=made.append)
    assert not made
    assert lines(whole) == before


def test_each_epoch_ends_with_a_validation(whole: Path) -> None:
    """On all 2 x 5 patches it was given; looking changes no weight, as the next tests compare losses."""
    assert [(line["step"], line["patches"]) for line in lines(whole, "validation.jsonl")] == [(2, 10), (4, 10), (6, 10)]


def test_a_validation_scores_patches_as_in_service(whole: Path, noise: Noise) -> None:
    """The last one holds each region's mean 1 - SSIM of the generator in the checkpoint, on untouched patches."""
    autoencoder, patches = load_autoencoder(whole / "checkpoint.pt"), noise(9)
    with torch.inference_mode():
        x = torch.from_numpy(patches).float().div(255)[:, :, None]
        expected = [float(1 - ssim(region, autoencoder(region)).mean()) for region in x]
    assert lines(whole, "validation.jsonl")[-1]["scores"] == pytest.approx(expected, abs=1e-5)


def test_validation_is_a_look_only_and_may_be_small(
    tmp_path: Path, whole: Path, small: Trained, noise: Noise, tiny: GanSettings
) -> None:
    """Every 3 steps on 2 patches of each region: the losses of training stay what they were."""
    settings = replace(tiny, validate_every=3, validation_patches=2)
    small(tmp_path, settings, validation=ArrayPatches(noise(9)))
    assert [(line["step"], line["patches"]) for line in lines(tmp_path, "validation.jsonl")] == [(3, 4), (6, 4)]
    assert lines(tmp_path) == lines(whole)


def test_a_split_without_validation_patches_trains(tmp_path: Path, whole: Path, small: Trained, noise: Noise) -> None:
    """A set of few products has none to spare."""
    small(tmp_path, validation=ArrayPatches(noise(9, count=0)))
    assert lines(tmp_path) == lines(whole)
    assert not lines(tmp_path, "validation.jsonl")


def test_losses_that_are_not_finite_end_the_run(tmp_path: Path, small: Trained, tiny: GanSettings) -> None:
    """It says at which step, and leaves the last good checkpoint."""
    with pytest.raises(FloatingPointError, match="step 1: losses must be finite"):
        small(tmp_path, replace(tiny, schedule=ScheduleSettings(peak=1e30)), save_every=1)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert all(weights.isfinite().all() for name, weights in state["generator"].items() if "running" not in name)
    assert not (tmp_path / "checkpoint.part").exists()


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path, tiny: GanSettings) -> None:
    """The checkpoint that is there stays."""
    gan, path = Gan(tiny), tmp_path / "checkpoint.pt"
    save(path, gan, 1, "data")
    with torch.no_grad():
        next(gan.generator.parameters())[0, 0, 0, 0] = torch.nan
    with pytest.raises(FloatingPointError, match="step 2"):
        save(path, gan, 2, "data")
    assert torch.load(path, weights_only=True)["step"] == 1


def test_the_seed_decides(tmp_path: Path, whole: Path, small: Trained, tiny: GanSettings) -> None:
    """Another seed, other losses; the first of three steps as they were told."""
    small(tmp_path, replace(tiny, seed=2, steps=3))
    assert len(lines(tmp_path)) == 3
    assert lines(tmp_path) != lines(whole)[:3]


def test_a_memory_map_trains_as_an_array_does(tmp_path: Path, whole: Path, noise: Noise, tiny: GanSettings) -> None:
    """The paper's set does not fit in memory."""
    np.save(tmp_path / "patches.npy", noise(1))
    mapped = ArrayPatches(np.load(tmp_path / "patches.npy", mmap_mode="r"))
    train(mapped, None, tmp_path, tiny, device="cpu")
    assert lines(tmp_path) == lines(whole)


def test_the_checkpoint_is_enough_to_redraw(whole: Path, noise: Noise, tiny: GanSettings) -> None:
    """Encoder and decoder come back from the file alone, in the state that training left them in."""
    gan, path = Gan(tiny), whole / "checkpoint.pt"
    assert resume(path, gan, fingerprint(ArrayPatches(noise(1)))) == 6
    x = torch.rand(2, 1, 16, 16)
    assert torch.allclose(load_autoencoder(path)(x), gan.generator.eval().autoencoder(x), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "seed", "message"),
    [({"seed": 9}, 1, "other settings"), ({}, 2, "other data"), ({"precision": "bfloat16"}, 1, "other settings")],
)
def test_a_run_is_not_continued_with_something_else(
    *, whole: Path, small: Trained, tiny: GanSettings, change: dict[str, Any], seed: int, message: str
) -> None:
    """Other settings or other patches than the checkpoint's are refused."""
    before = lines(whole)
    with pytest.raises(ValueError, match=message):
        small(whole, replace(tiny, **change), seed)
    assert lines(whole) == before


def test_patches_of_another_size_are_refused(tmp_path: Path, tiny: GanSettings) -> None:
    """32 px are not the network's 16, in training or validation."""
    right, wrong = (ArrayPatches(np.zeros((1, 8, size, size), np.uint8)) for size in (16, 32))
    for training, validation in ((wrong, None), (right, wrong)):
        with pytest.raises(ValueError, match="patches must be 16 px, got 32"):
            train(training, validation, tmp_path, tiny, device="cpu")
