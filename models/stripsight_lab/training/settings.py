"""What one training of the shipped network is made of."""

import math
from dataclasses import dataclass, field
from typing import Literal

from stripsight_lab.network.inspection import NetworkSettings


@dataclass(frozen=True)
class TrainSettings:
    """What one training run is made of; saved in its checkpoint."""

    method: Literal["refine"] = "refine"
    components: int = 64
    network: NetworkSettings = field(default_factory=NetworkSettings)
    periods: tuple[int, ...] = (10_000,)
    """Steps from one restart of the learning rate to the next."""
    patches_per_region: int = 6
    crops_per_patch: int = 1
    crop: int = 128
    corruption: float = 0.75  # the paper's q
    l1_weight: float = 4.0
    segmenter_weight: float = 1.0
    learning_rate: float = 1.5e-3
    warm_up: int = 200
    average: float = 0.998  # of the exponential moving average of the weights, which is what ships
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the convolutions: bfloat16 takes two thirds of the time on a processor that computes in it. Losses and
    weights are float32 always."""
    seed: int = 1
    log_every: int = 20
    save_every: int = 500

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return sum(self.periods)


def learning_rate(settings: TrainSettings, step: int) -> float:
    """Linear warm-up, then half a cosine down to 1 % of the peak; each restart at a third of the last peak.

    The paper's schedule (section 7.3) with the periods as a setting.
    """
    if step < settings.warm_up:
        return settings.learning_rate * (step + 1) / settings.warm_up
    peak, start, first = settings.learning_rate, 0, settings.warm_up
    for period in settings.periods[:-1]:
        if step < start + period:
            break
        peak, start = peak / 3, start + period
        first = start
    else:
        period = settings.periods[-1]
    done = (step - first) / max(1, start + period - first)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
