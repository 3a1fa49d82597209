"""The learning rate of the paper, section 7.3: cosine decay with restarts, each at 1/3 of the last maximum.

The text restarts "every 2533680 steps", which is the number of training images. Read as steps of 32 images,
the first restart would come after 32 epochs, but training lasts 10. Here the first period is one epoch of
images, and each is twice as long as the one before, as its framework does unless told otherwise: restarts
after 1, 3 and 7 epochs.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ScheduleSettings:
    """Peak of the first period, and what a restart does to the peak and to the length of the period."""

    peak: float = 1.5e-4
    restart: float = 1 / 3
    growth: float = 2.0

    def __post_init__(self) -> None:
        """Raise ValueError for a peak or restart factor that is not positive, or a period that shrinks."""
        if self.peak <= 0 or self.restart <= 0 or self.growth < 1:
            raise ValueError(f"peak and restart must be above 0, growth at least 1: {self}")


def learning_rate(settings: ScheduleSettings, step: int, first_period: int) -> float:
    """Rate of `step`, counted from 0, where `first_period` > 0 is the steps of one epoch of images."""
    if step < 0 or first_period < 1:
        raise ValueError(f"step must be 0 or more and first_period 1 or more: {step}, {first_period}")
    start, period, peak = 0.0, float(first_period), settings.peak
    while step >= start + period:
        start, period, peak = start + period, period * settings.growth, peak * settings.restart
    return peak * 0.5 * (1 + math.cos(math.pi * (step - start) / period))
