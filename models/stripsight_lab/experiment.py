"""An experiment file: everything that makes one bundle, in one TOML file under models/experiments/."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stripsight.recipe import Recipe, load_recipe
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.qualify.criteria import Criteria
from stripsight_lab.source import AnySource
from stripsight_lab.training.linear import LinearSettings
from stripsight_lab.training.settings import TrainSettings
from stripsight_lab.tune import TuneSettings

Count = Annotated[int, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExportTable(_Table):
    """How large weights are stored in the graph, what it computes in, and how frames are fused."""

    weights: Literal["float32", "float16", "int8"] = "int8"
    """How large weights are stored; with float16 arithmetic they are float16."""
    arithmetic: Literal["float32", "float16"] = "float32"
    """What the network computes in; float16 is for GPUs. The score is float32 in either case."""
    frame_gain: Annotated[float, Field(ge=0)] = 0.0
    """How much what stays in place over the frames counts, see `graph.fuse.Fusion`; 0: each frame for itself."""


class TuneTable(_Table):
    """How often the tuning kit is acquired, and how thresholds follow from its scores."""

    runs: Count = 1
    thresholds: TuneSettings


class EvaluateTable(_Table):
    """How often the test kit is acquired, and the paper's policy: a product is rejected when `reject_runs` do."""

    runs: Count = 10
    reject_runs: Count = 7
    baseline: bool = True
    """Whether the linear autoencoder alone is tuned and tested beside, in one run."""


class QualifyTable(_Table):
    """Acceptance criteria, and the manual inspection that the machine is held against."""

    criteria: Criteria
    panel: Path | Literal["simulated"] | None = None
    """A CSV of manual inspections, or a simulated panel, which the report labels as such."""
    panel_seed: int = 1
    limits: tuple[str, ...] = ()
    """Known limits, a sentence each."""


class Experiment(_Table):
    """What one bundle is made of."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    recipe: Path
    source: AnySource
    acquire: AcquireSettings
    train: Annotated[TrainSettings | LinearSettings | GanSettings, Field(discriminator="method")]
    export: ExportTable = ExportTable()
    tune: TuneTable
    evaluate: EvaluateTable = EvaluateTable()
    qualify: QualifyTable

    @property
    def work(self) -> Path:
        """Where data, checkpoints and results go; not part of the repository."""
        return Path("models/work") / self.name

    def load_recipe(self) -> Recipe:
        """Read the recipe that the experiment names."""
        return load_recipe(self.recipe.read_bytes())


def load_experiment(path: Path) -> Experiment:
    """Read an experiment file; raises pydantic's ValidationError, which names the place."""
    return Experiment.model_validate(tomllib.loads(path.read_text()))
