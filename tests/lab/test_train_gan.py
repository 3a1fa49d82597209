"""The training run and its checkpoints."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stripsight_lab.gan import Gan, GanSettings
from stripsight_lab.gan_checkpoint import fingerprint, load_autoencoder, resume
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import GeneratorSettings
from stripsight_lab.schedule import ScheduleSettings
from stripsight_lab.train_gan import batches, train

SETTINGS = GanSettings(
    generator=GeneratorSettings(widths=(2, 4), latent=4, patch_size=32),
    discriminator=DiscriminatorSettings(widths=(2, 4), patch_size=32),
    batch=4,
    epochs=3,
)


def noise(seed: int, count: int = 10) -> NDArray[np.uint8]:
    """Patches of noise: 10 are two whole batches an epoch, and two patches are left over."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32), dtype=np.uint8)


PATCHES = noise(1)


def lines(out: Path) -> list[dict[str, float]]:
    """What was logged."""
    return [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose time to more threads, and very much of it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def whole(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never stopped."""
    return train(PATCHES, tmp_path_factory.mktemp("whole"), SETTINGS).parent


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path, whole: Path) -> None:
    """Stopped in the middle of the second epoch: the same losses to the last digit, and the same weights."""
    train(PATCHES, tmp_path, SETTINGS, stop_after=3)
    assert len(lines(tmp_path)) == 3
    train(PATCHES, tmp_path, SETTINGS)
    assert lines(tmp_path) == lines(whole)
    assert [line["step"] for line in lines(whole)] == [0, 1, 2, 3, 4, 5]
    first, second = (torch.load(out / "checkpoint.pt", weights_only=True) for out in (whole, tmp_path))
    for network in ("generator", "discriminator"):
        assert all(torch.equal(first[network][k], second[network][k]) for k in first[network])


def test_steps_after_the_last_checkpoint_are_trained_and_logged_again(tmp_path: Path, whole: Path) -> None:
    """A killed run leaves lines that its checkpoint has not seen, the last one torn; they are replaced."""
    train(PATCHES, tmp_path, SETTINGS, stop_after=2)
    with (tmp_path / "losses.jsonl").open("a") as log:
        log.write('{"step": 2, "rate": 0.5}\n{"step": 3, "ra')
    train(PATCHES, tmp_path, SETTINGS)
    assert lines(tmp_path) == lines(whole)


def test_a_checkpoint_is_written_on_the_way(tmp_path: Path) -> None:
    """A loss that is not finite ends the run, says where, and leaves the last good checkpoint."""
    wild = replace(SETTINGS, schedule=ScheduleSettings(peak=1e30))
    with pytest.raises(FloatingPointError, match="step"):
        train(PATCHES, tmp_path, wild, save_every=1)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] >= 1
    assert not (tmp_path / "checkpoint.part").exists()


def test_the_seed_decides(tmp_path: Path) -> None:
    """Another seed, other losses."""
    train(PATCHES, tmp_path / "one", SETTINGS, stop_after=1)
    train(PATCHES, tmp_path / "two", replace(SETTINGS, seed=2), stop_after=1)
    assert lines(tmp_path / "one") != lines(tmp_path / "two")


def test_the_rate_follows_the_schedule(tmp_path: Path) -> None:
    """Two steps an epoch, so the first restart, at a third, comes at step 2."""
    train(PATCHES, tmp_path, SETTINGS, stop_after=3)
    assert [line["rate"] for line in lines(tmp_path)] == pytest.approx([1.5e-4, 0.75e-4, 0.5e-4])


def test_an_epoch_shows_each_patch_once_in_a_new_order() -> None:
    """Whole batches only, from an array or from any step of it."""
    numbered = np.broadcast_to(np.arange(12, dtype=np.uint8)[:, None, None], (12, 32, 32))
    shown = [batch[:, 0, 0].tolist() for batch in batches(numbered, SETTINGS, 0)]
    assert len(shown) == 9
    epochs = [shown[0:3], shown[3:6], shown[6:9]]
    assert all(sorted(i for batch in epoch for i in batch) == list(range(12)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert [batch[:, 0, 0].tolist() for batch in batches(numbered, SETTINGS, 4)] == shown[4:]


def test_a_memory_map_trains_as_an_array_does(tmp_path: Path) -> None:
    """The paper's set does not fit in memory."""
    np.save(tmp_path / "patches.npy", PATCHES)
    train(np.load(tmp_path / "patches.npy", mmap_mode="r"), tmp_path / "map", SETTINGS, stop_after=2)
    train(PATCHES, tmp_path / "array", SETTINGS, stop_after=2)
    assert lines(tmp_path / "map") == lines(tmp_path / "array")


def test_the_checkpoint_is_enough_to_redraw(tmp_path: Path) -> None:
    """Encoder and decoder come back from the file alone, in the state that training left them in."""
    path = train(PATCHES, tmp_path, SETTINGS, stop_after=2)
    gan = Gan(SETTINGS)
    assert resume(path, gan, fingerprint(PATCHES)) == 2
    x = torch.rand(2, 1, 32, 32)
    assert torch.equal(load_autoencoder(path)(x), gan.generator.eval().autoencoder(x))


def test_the_count_of_patches_is_part_of_the_fingerprint() -> None:
    """Eleven equal patches are other data than ten."""
    assert fingerprint(np.zeros((11, 32, 32), np.uint8)) != fingerprint(np.zeros((10, 32, 32), np.uint8))


@pytest.mark.parametrize(
    ("settings", "patches", "what"),
    [
        (replace(SETTINGS, seed=9), PATCHES, "settings"),
        (SETTINGS, noise(2), "data"),
        (SETTINGS, noise(1, 11), "data"),
    ],
)
def test_a_run_is_not_continued_with_something_else(
    tmp_path: Path, settings: GanSettings, patches: NDArray[np.uint8], what: str
) -> None:
    """Other settings or other patches than the checkpoint's are refused."""
    train(PATCHES, tmp_path, SETTINGS, stop_after=1)
    with pytest.raises(ValueError, match=f"other {what}"):
        train(patches, tmp_path, settings)


@pytest.mark.parametrize(
    "patches",
    [PATCHES.astype(np.float32), PATCHES[:, :16], PATCHES[0], PATCHES[:3]],
    ids=["type", "size", "rank", "few"],
)
def test_patches_that_do_not_fit_are_refused(tmp_path: Path, patches: NDArray[np.uint8]) -> None:
    """Only uint8 [M, 32, 32], and enough for one batch."""
    with pytest.raises(ValueError, match="patches"):
        train(patches, tmp_path, SETTINGS)
