"""Trainings in processes of their own: one that is killed, and two that train together."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight_lab.augment import AugmentSettings
from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.train import train
from stripsight_lab.network.blocks import BlockSettings
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.patches import ArrayPatches
from stripsight_lab.perturb import PerturbSettings

SCRIPT = Path(__file__).with_name("small_training.py")
Noise = Callable[..., NDArray[np.uint8]]


def lines(out: Path) -> list[dict[str, float]]:
    """What was logged."""
    return [json.loads(line) for line in (out / "losses.jsonl").read_text().splitlines()]


def arguments(folder: Path, patches: NDArray[np.uint8], settings: GanSettings, killed_at: int = 0) -> list[str]:
    """Write what the script reads; return how it is called, to train in `folder`/out."""
    np.save(folder / "patches.npy", patches)
    (folder / "settings.json").write_text(json.dumps(asdict(settings)))
    paths = [SCRIPT, *(folder / name for name in ("patches.npy", "settings.json", "out"))]
    return [*map(str, paths), str(killed_at)]


def test_a_killed_training_ends_with_the_same_losses(
    tmp_path: Path, noise: Noise, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 after step 5, a step after a checkpoint: the losses are those of a run left alone, bit for bit."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    train(ArrayPatches(noise(1)), None, tmp_path / "whole", tiny, device="cpu")
    killed = subprocess.run([sys.executable, *arguments(tmp_path, noise(1), tiny, killed_at=5)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(lines(tmp_path / "out")) == 5
    made: list[int] = []
    train(ArrayPatches(noise(1)), None, tmp_path / "out", tiny, device="cpu", after_step=made.append)
    assert made == [5, 6]
    assert lines(tmp_path / "out") == lines(tmp_path / "whole")


def test_two_processes_train_as_one(
    tmp_path: Path, noise: Noise, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of 8 on two ranks is a batch of 8 on one, where neither norms nor draws see the rank.

    Losses are the mean over ranks and agree to rounding over 4 steps, so gradients are averaged, in both networks.
    Only the first rank writes, both return when its last checkpoint is there, and one rank alone does not continue
    what two began.
    """
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = replace(
        tiny,
        generator=replace(tiny.generator, blocks=BlockSettings(norm="none")),
        discriminator=DiscriminatorSettings(widths=(4,), patch_size=16),
        perturb=PerturbSettings(q=0),
        augment=AugmentSettings(rotation=0, flip="none"),
        batch=8,
        steps=4,
        epochs=4,
    )
    train(ArrayPatches(noise(1)), None, tmp_path / "alone", settings, device="cpu")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, *arguments(tmp_path, noise(1), settings)]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    assert finished.stdout.count("checkpoint of step 4") == 2
    together, alone = lines(tmp_path / "out"), lines(tmp_path / "alone")
    assert len(together) == len(alone) == 4
    assert together[-1]["generator"] != together[0]["generator"]
    for ours, theirs in zip(together, alone, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)
    with pytest.raises(ValueError, match="other ranks: 2, not 1"):
        train(ArrayPatches(noise(1)), None, tmp_path / "out", settings, device="cpu")


@pytest.mark.parametrize("size", [3, 4])
def test_a_batch_that_ranks_cannot_share_is_refused(size: int) -> None:
    """4 patches are not 2 or more for each of 3 or of 4 ranks."""
    with pytest.raises(ValueError, match=f"each of {size} ranks"):
        Ranks(0, size).part(4)
