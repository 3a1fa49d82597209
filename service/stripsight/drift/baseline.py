"""baseline.json: what scores and rejects of good strips looked like when the bundle was tuned."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from stripsight.errors import BundleBaselineError
from stripsight.recipe import Recipe

BASELINE = "baseline.json"
LEVELS = (0.5, 0.9)
"""Shares of good strips whose score lies below the score that is kept; the middle, and the beginning of the tail."""

Share = Annotated[float, Field(gt=0, lt=1)]
Scores = NDArray[np.float64]


class Baseline(BaseModel):
    """Good strips of the tuning kit: how many, how many rejected, and the scores that given shares stay below.

    `scores` is {vial: {region: a score for each of `levels`}}; a region's score is its worst over the frames.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int
    strips: Annotated[int, Field(ge=1)]
    rejected: Annotated[int, Field(ge=0)]
    levels: Annotated[tuple[Share, ...], Field(min_length=1)]
    scores: dict[str, dict[str, tuple[FiniteFloat, ...]]]

    @model_validator(mode="after")
    def _fits(self) -> "Baseline":
        if self.rejected > self.strips:
            raise ValueError(f"expected at most {self.strips} rejected strips, found {self.rejected}")
        found = {len(scores) for regions in self.scores.values() for scores in regions.values()}
        if found != {len(self.levels)}:
            raise ValueError(f"expected {len(self.levels)} scores a region, found {sorted(found)}")
        return self

    def check(self, recipe: Recipe) -> None:
        """Raise BundleBaselineError unless its vials and regions are those of `recipe`."""
        expected = {vial.name: {region.name for region in recipe.regions} for vial in recipe.vials}
        found = {vial: set(regions) for vial, regions in self.scores.items()}
        if found != expected:
            raise BundleBaselineError(
                f"{BASELINE}: expected the recipe's vials and regions {_sorted(expected)}, found {_sorted(found)}",
                file=BASELINE,
            )

    def table(self, recipe: Recipe) -> Scores:
        """Return the scores, float64 [vials, regions, levels], in the recipe's order."""
        rows = [[self.scores[vial.name][region.name] for region in recipe.regions] for vial in recipe.vials]
        return np.array(rows, np.float64)


def baseline_of(scores: Scores, rejected: int, recipe: Recipe) -> dict[str, object]:
    """Return the contents of baseline.json from the scores of good strips, [strips, vials, regions]."""
    at = np.quantile(scores, LEVELS, axis=0)  # [levels, vials, regions]
    table = {
        vial.name: {region.name: at[:, v, r].tolist() for r, region in enumerate(recipe.regions)}
        for v, vial in enumerate(recipe.vials)
    }
    return {"strips": len(scores), "rejected": rejected, "levels": list(LEVELS), "scores": table}


def _sorted(names: dict[str, set[str]]) -> dict[str, list[str]]:
    return {vial: sorted(regions) for vial, regions in sorted(names.items())}
