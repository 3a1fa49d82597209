"""What one training of the shipped generator is made of."""

import math
from dataclasses import dataclass, field

from stripsight_lab.network.refiner import RefinerSettings


@dataclass(frozen=True)
class TrainSettings:
    """What one training run is made of; saved in its checkpoint."""

    components: int = 64
    refiner: RefinerSettings = field(default_factory=RefinerSettings)
    steps: int = 12_000
    patches_per_region: int = 6
    crops_per_patch: int = 2
    crop: int = 96
    corruption: float = 0.75  # the paper's q
    l1_weight: float = 4.0
    learning_rate: float = 1.5e-3
    warm_up: int = 200
    average: float = 0.998  # of the exponential moving average of the weights, which is what ships
    seed: int = 1
    log_every: int = 20
    save_every: int = 500


def learning_rate(settings: TrainSettings, step: int) -> float:
    """Linear warm-up, then half a cosine down to 1 % of the peak."""
    if step < settings.warm_up:
        return settings.learning_rate * (step + 1) / settings.warm_up
    done = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return settings.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
