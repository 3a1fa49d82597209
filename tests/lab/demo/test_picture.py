"""The picture of a rejected strip."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.overlay import laid_over, to_png
from stripsight.recipe import Recipe
from stripsight_lab.demo import picture
from stripsight_lab.demo.results import Decider, Result

HOT_PNG = to_png(np.ones((8, 8), np.float32))
HOT = tuple(laid_over(np.full((1, 1), 120, np.uint8), HOT_PNG)[0, 0])


@pytest.fixture
def frames(strip_recipe: Recipe) -> dict[int, NDArray[np.uint8]]:
    """Three grey frames of the small recipe."""
    size = (strip_recipe.frame.height_px, strip_recipe.frame.width_px)
    return {index: np.full(size, 120, np.uint8) for index in strip_recipe.frame.indices}


def reply(recipe: Recipe, *places: tuple[int, str, str]) -> pb.Inspection:
    """A reply with a heatmap that is hot all over at each place."""
    png = HOT_PNG
    boxes = {(place.frame, place.vial, place.region): place.box for place in recipe.patches}
    heatmaps = [
        pb.Heatmap(frame_index=f, vial=v, region=r, png=png, box=pb.Box(**boxes[f, v, r].model_dump()))
        for f, v, r in places
    ]
    return pb.Inspection(heatmaps=heatmaps)


def test_heatmap_lies_at_its_place(
    strip_recipe: Recipe, frames: dict[int, NDArray[np.uint8]], result: Callable[..., Result]
) -> None:
    """The heatmap fills its region of the deciding frame, and that of another frame is not drawn."""
    inspection = reply(strip_recipe, (0, "V1", "R0"), (15, "V2", "R1"))
    one = result(1, defective=True, accepted=False)
    image = picture.draw(
        one, Decider("V2", "R1", 15, 0.06, 0.04), frames, picture.heatmaps_of(inspection), strip_recipe
    )
    scale = 720 / strip_recipe.frame.height_px
    centres = {
        (place.vial, place.region): (
            round(scale * (place.box.left_px + place.box.right_px) / 2) + 24,
            round(scale * (place.box.top_px + place.box.bottom_px) / 2) + 104,
        )
        for place in strip_recipe.patches
    }
    for place, (x, y) in centres.items():
        expected = HOT if place == ("V2", "R1") else (120, 120, 120)
        assert tuple(image[y, x]) == expected, place


def test_patch_and_heatmap_stand_beside(
    strip_recipe: Recipe, frames: dict[int, NDArray[np.uint8]], result: Callable[..., Result]
) -> None:
    """Right of the strip stand the patch as it was seen and its heatmap, enlarged."""
    inspection = reply(strip_recipe, (15, "V2", "R1"))
    one = result(1, defective=True, accepted=False)
    assert one.decider is not None
    image = picture.draw(one, one.decider, frames, picture.heatmaps_of(inspection), strip_recipe)
    x = image.shape[1] - 24 - 100
    assert tuple(image[104 + 100, x]) == (120, 120, 120)
    assert tuple(image[104 + 360 + 100, x]) == HOT


def test_damaged_heatmap_is_refused(
    strip_recipe: Recipe, frames: dict[int, NDArray[np.uint8]], result: Callable[..., Result]
) -> None:
    """A heatmap that is no picture is named, not drawn."""
    inspection = reply(strip_recipe, (15, "V2", "R1"))
    inspection.heatmaps[0].png = b"no picture"
    with pytest.raises(ValueError, match="V2 R1"):
        picture.draw(
            result(1, defective=True, accepted=False),
            Decider("V2", "R1", 15, 0.06, 0.04),
            frames,
            picture.heatmaps_of(inspection),
            strip_recipe,
        )
