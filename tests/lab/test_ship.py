"""From a trained generator to a bundle, the whole way, with a small recipe and a barely trained network."""

from pathlib import Path

import numpy as np
import pytest

from stripsight.bundle import load
from stripsight.engine import Engine
from stripsight.inspector import challenge
from stripsight_lab.acquire import AcquireSettings, acquire
from stripsight_lab.experiment import Experiment, load_experiment
from stripsight_lab.network.refiner import RefinerSettings
from stripsight_lab.ship import ship
from stripsight_lab.train_refiner import train
from stripsight_lab.train_settings import TrainSettings

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models/experiments/bfs-5x4.toml"


def small_recipe(path: Path) -> Path:
    """One frame, one vial, and boxes of 256 px that become patches of 64."""
    text = (ROOT / "models/recipes/bfs-5x4.toml").read_text()
    text = text.replace("indices = [0, 7, 15]", "indices = [7]").replace("size_px = 256", "size_px = 64")
    first, rest = text.split('[[vials]]\nname = "V2"')
    path.write_text(first + rest[rest.index("[[regions]]") :])
    return path


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment that takes seconds. It works below the current folder, as in use."""
    monkeypatch.chdir(tmp_path)
    shipped = load_experiment(SHIPPED)
    kits = {"good": 20, "defective": 11, "runs": 1}
    return Experiment(
        name="small",
        recipe=small_recipe(tmp_path / "recipe.toml"),
        acquire=AcquireSettings(seed=5, strips=6, runs=1),
        train=TrainSettings(
            components=4,
            refiner=RefinerSettings(16, 16, 4),
            steps=2,
            patches_per_region=2,
            crop=32,
            save_every=1,
        ),
        tuning_kit=shipped.tuning_kit.model_copy(update=kits),
        test_kit=shipped.test_kit.model_copy(update=kits),
    )


def test_acquire_train_ship_gives_a_bundle_that_serves(experiment: Experiment, tmp_path: Path) -> None:
    """The bundle loads, passes its own challenge set, and its card and manifest say how it was made."""
    recipe = experiment.load_recipe()
    acquire(recipe, experiment.work, experiment.acquire)
    patches = np.load(experiment.work / "patches.npy")
    assert patches.shape == (4, 6, 64, 64)
    assert patches[0].std() > 1
    train(experiment.work, experiment.work, experiment.train)

    ship(experiment, SHIPPED, tmp_path / "bundle")

    bundle = load(tmp_path / "bundle")
    result = challenge(Engine(bundle.graph, patch_size=64), bundle)
    assert result.strips == 2
    assert "20 good and 11 defective" in bundle.card
    assert "linear autoencoder alone" in bundle.card
    provenance = bundle.manifest.provenance
    assert provenance["settings"]["acquire"] == {"seed": 5, "strips": 6, "runs": 1}
    assert provenance["export_parity"]["score_max_difference"] < 0.01


def test_the_kits_of_an_experiment_must_differ(tmp_path: Path) -> None:
    """Tuning and reporting on one kit is refused, by the seed."""
    text = SHIPPED.read_text()
    seed = load_experiment(SHIPPED).tuning_kit.seed
    test_seed = load_experiment(SHIPPED).test_kit.seed
    (tmp_path / "same.toml").write_text(text.replace(f"seed = {test_seed}", f"seed = {seed}"))
    with pytest.raises(ValueError, match=f"same seed {seed}"):
        load_experiment(tmp_path / "same.toml")
