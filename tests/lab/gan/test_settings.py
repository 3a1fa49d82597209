"""The settings of a training."""

import tomllib
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import COMPACT, PAPER, GeneratorSettings

GENERATOR = GeneratorSettings(widths=(4, 8), latent=8, patch_size=32)
DISCRIMINATOR = DiscriminatorSettings(widths=(4, 8), patch_size=32)


class Experiment(BaseModel):
    """As an experiment file holds them."""

    model_config = ConfigDict(extra="forbid")
    train: GanSettings


def test_the_defaults_are_the_papers() -> None:
    """Its network, batch 32, 10 epochs, Adam from 1.5e-4, q 0.75."""
    s = GanSettings()
    assert (s.generator, s.batch, s.epochs, s.schedule.peak, s.perturb.q) == (PAPER, 32, 10, 1.5e-4, 0.75)


def test_a_table_of_an_experiment_file_makes_settings() -> None:
    """Nested tables and lists become nested settings and tuples."""
    text = """
        [train]
        method = "gan"
        epochs = 2
        generator = { widths = [8, 16, 24, 32], stem = 8 }
        schedule = { peak = 1e-3 }
    """
    train = Experiment.model_validate(tomllib.loads(text)).train
    assert (train.generator, train.epochs, train.schedule.peak) == (COMPACT, 2, 1e-3)


@pytest.mark.parametrize("table", ["epoch = 2", "schedule = { peek = 1 }", 'method = "refiner"', "batch = 1"])
def test_a_table_with_a_mistake_is_refused(table: str) -> None:
    """Unknown names at any depth, another method, and values out of range."""
    with pytest.raises(ValidationError):
        Experiment.model_validate(tomllib.loads(f"[train]\n{table}"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"discriminator": DiscriminatorSettings()}, "differ"),
        ({"batch": 1}, "at least"),
        ({"epochs": 0}, "at least"),
        ({"steps": -1}, "0 or more"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, Any], message: str) -> None:
    """Both networks see the same patches, and there are steps to make."""
    with pytest.raises(ValueError, match=message):
        GanSettings(generator=GENERATOR, **({"discriminator": DISCRIMINATOR} | wrong))


@pytest.mark.parametrize(("steps", "expected"), [(0, 30), (7, 7), (99, 30)])
def test_epochs_are_whole_batches_and_steps_end_them_early(steps: int, expected: int) -> None:
    """100 patches are 3 batches of 32, 10 times."""
    assert GanSettings(steps=steps).all_steps(100) == expected


def test_a_set_that_does_not_fill_a_batch_is_refused() -> None:
    """31 patches are no batch of 32."""
    with pytest.raises(ValueError, match="31 patches do not fill a batch of 32"):
        GanSettings().all_steps(31)
