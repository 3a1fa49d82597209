"""An experiment file: everything that makes one bundle, in one TOML file under models/experiments/."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from stripsight.recipe import Recipe, load_recipe
from stripsight_lab.acquire import AcquireSettings
from stripsight_lab.train_settings import TrainSettings

Count = Annotated[int, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KitSettings(_Table):
    """A kit of known strips; kits of different seeds share neither a strip nor a defect."""

    seed: int
    good: Count
    defective: Count
    runs: Count = 1


class TuningKit(KitSettings):
    """The kit that sets the thresholds, and the share of its good strips that may be rejected."""

    target_false_reject_rate: Annotated[float, Field(ge=0, lt=1)]


class Experiment(_Table):
    """What one bundle is made of."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    recipe: Path
    acquire: AcquireSettings
    train: TrainSettings
    tuning_kit: TuningKit
    test_kit: KitSettings

    @property
    def work(self) -> Path:
        """Where data and checkpoints go; not part of the repository."""
        return Path("models/work") / self.name

    def load_recipe(self) -> Recipe:
        """Read the recipe that the experiment names."""
        return load_recipe(self.recipe.read_bytes())


def load_experiment(path: Path) -> Experiment:
    """Read and check an experiment file."""
    experiment = Experiment.model_validate(tomllib.loads(path.read_text()))
    if experiment.tuning_kit.seed == experiment.test_kit.seed:
        raise ValueError(f"{path}: tuning and test kit have the same seed {experiment.test_kit.seed}; expected two")
    return experiment
