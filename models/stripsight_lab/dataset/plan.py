"""acquisition.json: what a folder of patches holds, written before the first of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from stripsight.limits import Table
from stripsight.recipe import Recipe
from stripsight_lab.dataset.images import images_recipe
from stripsight_lab.dataset.settings import AcquireSettings
from stripsight_lab.source.unit import Unit

NAME = "acquisition.json"
_DECIDES: dict[str, Any] = {
    "frame": {"width_px", "height_px", "indices"},
    "patch": True,
    "vials": {"__all__": {"left_px", "top_px"}},
    "regions": {"__all__": {"box"}},
}


class Plan(Table):
    """Products p = 0, 1, ... in files of their own, each with the same number of patches in each region."""

    layout_version: Literal[1] = 1
    settings: AcquireSettings
    units: tuple[str, ...]
    """The id of each product."""
    recipe: dict[str, JsonValue]
    """What decides the patches: images by number, sizes, places. A new title or limit leaves them as they are."""
    regions: int
    size_px: int
    patches_a_product: int
    """Of each region: runs x images x vials."""

    @classmethod
    def of(cls, units: Sequence[Unit], recipe: Recipe, settings: AcquireSettings) -> "Plan":
        """Plan the acquisition of `units`. Raises ValueError for no unit, or two with the same id."""
        ids = tuple(unit.unit_id for unit in units)
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(f"units: expected one or more with different ids, found {len(ids)}, {len(set(ids))} ids")
        images = images_recipe(recipe, settings)
        return cls(
            settings=settings,
            units=ids,
            recipe=images.model_dump(mode="json", include=_DECIDES),
            regions=len(recipe.regions),
            size_px=recipe.patch.size_px,
            patches_a_product=settings.runs * len(images.frame.indices) * len(recipe.vials),
        )

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of a product's patches: [R, M_p, P, P]."""
        return self.regions, self.patches_a_product, self.size_px, self.size_px

    def claim(self, folder: Path) -> None:
        """Write the plan to `folder`. Raises ValueError where another one is there already."""
        path = folder / NAME
        if path.exists():
            self._compare(read_plan(folder), path)
            return
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(self.model_dump_json(indent=1) + "\n")
        part.replace(path)

    def _compare(self, other: "Plan", path: Path) -> None:
        for name, wanted in self.model_dump().items():
            found = getattr(other, name)
            if wanted != (found.model_dump() if isinstance(found, AcquireSettings) else found):
                shown = (f"{len(wanted)} of them", f"{len(found)}") if name == "units" else (wanted, found)
                raise ValueError(f"{path}: expected {name} {shown[0]}, found {shown[1]}; use another folder")


def product_path(folder: Path, product: int) -> Path:
    """The file of product number `product`."""
    return folder / f"product-{product:05d}.h5"


def read_plan(folder: Path) -> Plan:
    """Read what `claim` wrote. Raises ValueError where there is none, or not a whole one."""
    path = folder / NAME
    try:
        return Plan.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(f"{path}: expected acquired patches, found none; run the acquisition first") from None
    except ValidationError as error:
        raise ValueError(f"{path}: expected an acquisition of layout version 1, found another thing: {error}") from None
