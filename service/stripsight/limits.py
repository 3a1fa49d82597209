"""Limits of the image checks, as a recipe gives them. Which of them are there, and their values, is data."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Grey = Annotated[float, Field(strict=True, ge=0, le=255)]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Distance = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class Table(BaseModel):
    """A table of recipe.toml: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExposureLimits(Table):
    """Limits for each vial: mean grey, and the fraction of its pixels at 255."""

    mean_min: Grey
    mean_max: Grey
    saturated_max: Fraction


class FocusLimits(Table):
    """Lower limit for each vial: variance of the Laplacian at half resolution, in grey levels squared."""

    variance_min: Distance


class FrozenLimits(Table):
    """How many strips back a frame may not have been seen already. 0 looks only within the strip."""

    remember_strips: Annotated[int, Field(strict=True, ge=0, le=1000)]


class PresentLimits(Table):
    """Where a vial's own pixels are expected.

    Its pixels are those darker (or brighter) than `level` in the box around its regions. Limited are their
    fraction of the box, and how far their centroid lies from the centre, which is relative to the origin.
    """

    vial_is: Literal["dark", "bright"]
    level: Grey
    fraction_min: Fraction
    fraction_max: Fraction
    centre_x_px: Number
    centre_y_px: Number
    offset_x_max_px: Distance
    offset_y_max_px: Distance


class CaptureLimits(Table):
    """The frames' capture times must be there, ascend with the index, and span at most this."""

    span_max_ms: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class ChecksSpec(Table):
    """Limits of the image checks; one that is left out is not made."""

    exposure: ExposureLimits | None = None
    focus: FocusLimits | None = None
    frozen: FrozenLimits | None = None
    present: PresentLimits | None = None
    capture: CaptureLimits | None = None
