"""What a person writes about a product: frames, vials, regions, scoring, checks. All of it is data."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from stripsight.errors import RecipeError
from stripsight.limits import ChecksSpec, Table

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]  # also a metric label
Px = Annotated[int, Field(strict=True, ge=-16384, le=16384)]
SizePx = Annotated[int, Field(strict=True, ge=1, le=16384)]


class PixelFormat(StrEnum):
    """How a frame's bytes hold its pixels. MONO10 and MONO12 are unpacked little-endian uint16."""

    MONO8 = "MONO8"
    MONO10 = "MONO10"
    MONO12 = "MONO12"
    PNG = "PNG"


class ProductSpec(Table):
    """The product's short name, which the machine may ask for, and its title for people."""

    name: Name
    title: str = ""


class FrameSpec(Table):
    """Size of a frame, and which of the acquisition's frames are inspected, ascending."""

    width_px: SizePx
    height_px: SizePx
    indices: tuple[Annotated[int, Field(strict=True, ge=0, le=9999)], ...] = Field(min_length=1)
    pixel_formats: tuple[PixelFormat, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _indices_ascend(self) -> "FrameSpec":
        if list(self.indices) != sorted(set(self.indices)):
            raise ValueError(f"indices: expected ascending without repeats, found {list(self.indices)}")
        return self


class PatchSpec(Table):
    """Side of the square patch that the graph takes. At least 11, the SSIM window."""

    size_px: Annotated[int, Field(strict=True, ge=11, le=2048)]


class Box(Table):
    """Half-open box: left and top are inside, right and bottom are not."""

    left_px: Px
    top_px: Px
    right_px: Px
    bottom_px: Px

    @model_validator(mode="after")
    def _holds_pixels(self) -> "Box":
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError(f"expected left < right and top < bottom, found {self}")
        return self

    @property
    def width_px(self) -> int:
        """Columns inside."""
        return self.right_px - self.left_px

    @property
    def height_px(self) -> int:
        """Rows inside."""
        return self.bottom_px - self.top_px

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array [H, W] with."""
        return slice(self.top_px, self.bottom_px), slice(self.left_px, self.right_px)

    def moved(self, right_px: int, down_px: int) -> "Box":
        """Return the box moved by whole pixels. It may leave the frame: Recipe checks that."""
        return Box.model_construct(
            left_px=self.left_px + right_px,
            top_px=self.top_px + down_px,
            right_px=self.right_px + right_px,
            bottom_px=self.bottom_px + down_px,
        )


class VialSpec(Table):
    """A vial and its origin in the frame."""

    name: Name
    left_px: Px
    top_px: Px


class RegionSpec(Table):
    """A region and its box, relative to the vial's origin."""

    name: Name
    title: str = ""
    box: Box


class ScoringSpec(Table):
    """How the bundle's graph scores a patch; what a heatmap shows follows from it.

    `mean_ssim` is the paper's eq. 9, 1 - SSIM of patch and reconstruction as a mean over the patch. `anomaly_map` is
    the largest value of a map that the graph gives beside the score.
    """

    method: Literal["mean_ssim", "anomaly_map"] = "mean_ssim"


class SlotSpec(Table):
    """Time between two strips; the answer must be out before it ends."""

    duration_ms: Annotated[int, Field(strict=True, ge=1, le=60_000)]


@dataclass(frozen=True)
class Place:
    """Where a patch of the batch comes from: frame index, vial, region, and its box in the frame."""

    index: int
    frame: int
    vial: str
    region: str
    box: Box


class Recipe(Table):
    """One product's inspection, checked as a whole."""

    schema_version: Literal[1]
    product: ProductSpec
    frame: FrameSpec
    patch: PatchSpec
    vials: tuple[VialSpec, ...] = Field(min_length=1, max_length=100)
    regions: tuple[RegionSpec, ...] = Field(min_length=1, max_length=100)
    scoring: ScoringSpec = ScoringSpec()
    slot: SlotSpec
    checks: ChecksSpec = ChecksSpec()

    @model_validator(mode="after")
    def _names_differ(self) -> "Recipe":
        every = {"vials": [v.name for v in self.vials], "regions": [r.name for r in self.regions]}
        for kind, names in every.items():
            repeated = [name for name, count in Counter(names).items() if count > 1]
            if repeated:
                raise ValueError(f"{kind}: expected different names, found {repeated[0]} twice")
        return self

    @model_validator(mode="after")
    def _boxes_lie_in_the_frame(self) -> "Recipe":
        width, height = self.frame.width_px, self.frame.height_px
        for place in self.patches[: self.patches_per_frame]:
            box = place.box
            if min(box.left_px, box.top_px) < 0 or box.right_px > width or box.bottom_px > height:
                raise ValueError(
                    f"vial {place.vial}, region {place.region}: expected a box inside the frame of "
                    f"{width} x {height} px, found {box}"
                )
        return self

    @cached_property
    def patches(self) -> tuple[Place, ...]:
        """The places of all patches, in frame, vial, region order."""
        triples = [(f, v, r) for f in self.frame.indices for v in self.vials for r in self.regions]
        return tuple(
            Place(index, frame, vial.name, region.name, region.box.moved(vial.left_px, vial.top_px))
            for index, (frame, vial, region) in enumerate(triples)
        )

    @property
    def patches_per_frame(self) -> int:
        """Vials times regions."""
        return len(self.vials) * len(self.regions)

    @property
    def patch_count(self) -> int:
        """Frames times vials times regions: N of a strip's batch."""
        return len(self.frame.indices) * self.patches_per_frame

    @cached_property
    def vial_boxes(self) -> dict[str, Box]:
        """The box around each vial's regions, in the frame."""
        boxes = [region.box for region in self.regions]
        around = Box(
            left_px=min(b.left_px for b in boxes),
            top_px=min(b.top_px for b in boxes),
            right_px=max(b.right_px for b in boxes),
            bottom_px=max(b.bottom_px for b in boxes),
        )
        return {vial.name: around.moved(vial.left_px, vial.top_px) for vial in self.vials}


def load_recipe(source: str | bytes) -> Recipe:
    """Parse recipe.toml. Raises RecipeError that names the place, what was expected and what was found."""
    try:
        text = source.decode() if isinstance(source, bytes) else source
        return Recipe.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise _explained(error) from None
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or numbers and nesting beyond any use
        raise RecipeError(f"recipe.toml: expected TOML in UTF-8, found: {error}") from None


def _explained(error: ValidationError) -> RecipeError:
    first = error.errors(include_url=False, include_context=False)[0]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    message = first["msg"].removeprefix("Value error, ")
    value: Any = first["input"]
    found = f", found {_shown(value)}" if isinstance(value, str | int | float) else ""
    rest = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return RecipeError(f"recipe.toml: {field or 'as a whole'}: {message}{found}{rest}", field=field)


def _shown(value: str | int | float) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of thousands of digits"
