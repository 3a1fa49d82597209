"""What one training of the paper's generator is made of: the table `[train]` of an experiment file."""

from dataclasses import dataclass, field
from typing import Literal

from stripsight_lab.augment import AugmentSettings
from stripsight_lab.losses import LossWeights, NoiseTarget
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import GeneratorSettings
from stripsight_lab.perturb import PerturbSettings
from stripsight_lab.schedule import ScheduleSettings

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class GanSettings:
    """All that decides the losses but the data, saved in the checkpoint; the defaults are the paper's.

    Raises ValueError for settings that do not fit each other.
    """

    method: Literal["gan"] = "gan"
    generator: GeneratorSettings = field(default_factory=GeneratorSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    weights: LossWeights = field(default_factory=LossWeights)
    noise_target: NoiseTarget = "consistent"
    perturb: PerturbSettings = field(default_factory=PerturbSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    betas: tuple[float, float] = (0.9, 0.999)
    batch: int = 32
    """Patches a step, over all ranks together."""
    epochs: int = 10
    steps: int = 0
    """End after so many steps, with the schedule of all epochs; 0 is after the last epoch."""
    precision: Precision = "auto"
    """Of the networks; losses and weights are float32 always. `auto` is float32 on a CPU, and on a GPU bfloat16, or
    float16 where the card has no bfloat16."""
    validate_every: int = 0
    """Steps between two validations; 0 is at the end of each epoch."""
    validation_patches: int = 0
    """Look at so many of each region, spread evenly; 0 is all."""
    seed: int = 1

    def __post_init__(self) -> None:
        """Check that the two networks see the same patches, and the counts."""
        shown = (self.discriminator.patch_size, self.discriminator.in_channels)
        if shown != (self.generator.patch_size, self.generator.out_channels):
            raise ValueError(f"generator and discriminator differ in patch_size or channels: {self}")
        if self.batch < 2 or self.epochs < 1:
            raise ValueError(f"batch must be at least 2 for its norms, epochs at least 1: {self}")
        if min(self.steps, self.validate_every, self.validation_patches, self.seed) < 0:
            raise ValueError(f"steps, validate_every, validation_patches and seed must be 0 or more: {self}")

    def epoch_steps(self, patches: int) -> int:
        """Steps of one epoch over `patches` patches: whole batches. Raises ValueError where they do not fill one."""
        if patches < self.batch:
            raise ValueError(f"{patches} patches do not fill a batch of {self.batch}")
        return patches // self.batch

    def all_steps(self, patches: int) -> int:
        """Steps of the whole training."""
        whole = self.epochs * self.epoch_steps(patches)
        return min(whole, self.steps) if self.steps else whole
