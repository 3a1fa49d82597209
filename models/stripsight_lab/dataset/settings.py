"""What is acquired of each training product: the table `[acquire]` of an experiment file."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stripsight.limits import Table

ALL_FRAMES = 16
"""Frames along the movement of one run."""


class AcquireSettings(Table):
    """The defaults are the paper's. Of a product that was taken once: 1 run, inspected frames, no rank images."""

    runs: Annotated[int, Field(gt=0)] = 10
    frames: Literal["all", "inspected"] = "all"
    """All 16, or those that the recipe inspects."""
    rank_images: bool = True
    """Also the minimum and the maximum of each pixel over the 16 frames, two images more."""
    validation_every: Annotated[int, Field(ge=2)] = 10
    """One product of so many is for validation, with all of its patches."""

    @model_validator(mode="after")
    def _ranks_are_over_all(self) -> "AcquireSettings":
        if self.rank_images and self.frames != "all":
            raise ValueError(f"rank_images: expected frames = 'all', which they are taken over, found {self.frames!r}")
        return self

    def is_validation(self, product: int) -> bool:
        """Whether product number `product`, from 0, is for validation."""
        return product % self.validation_every == self.validation_every - 1
