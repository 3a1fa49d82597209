"""Units in pictures."""

import base64
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from stripsight.recipe import Recipe
from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.gallery import Gallery, Look
from stripsight_lab.qualify.pictures import SIDE_PX, pictures
from stripsight_lab.qualify.units import by_unit

LIMIT = 0.5


def opened(uri: str) -> np.ndarray:
    """The picture of a data URI, uint8 [H, W, 3]."""
    head, data = uri.split(",")
    assert head == "data:image/jpeg;base64"
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(int)


def cyan(image: np.ndarray) -> np.ndarray:
    """Where the outline is, bool [H, W]."""
    blue, _, red = np.moveaxis(image, -1, 0)
    return blue - red > 80


@pytest.fixture
def shown(strip_recipe: Recipe, kit_of: Callable[..., KitScores]) -> Callable[..., object]:
    """Show one unit: patch 41 scores highest, the mask lies where it is asked to."""

    def show(kind: str, masked: dict[int, int] | None) -> object:
        scores = np.full((1, 60), 0.1)
        scores[0, 41] = 0.3
        kit = kit_of(scores, [kind], runs=[3])
        masks = None
        if masked is not None:
            masks = np.zeros((60, 32, 32), np.uint8)
            for patch, rows in masked.items():
                masks[patch, :rows, :8] = 1
        looked = Look(np.full((60, 32, 32), 90, np.uint8), np.full((60, 32, 32), 90, np.uint8), masks)
        thresholds = (LIMIT,) * 4
        gallery = Gallery(kit, strip_recipe, thresholds, lambda unit, run: looked)
        return gallery.show(by_unit(kit, thresholds)[0])

    return show


def test_a_miss_is_shown_where_the_defect_is_and_where_the_score_is_highest(shown: Callable[..., object]) -> None:
    """Patch 5 is V2 R1 of the first frame; patch 41 is V1 R1 of the last."""
    found = shown("spot", {5: 9, 6: 3})
    assert [(pane.vial, pane.region, pane.frame) for pane in found.panes] == [("V2", "R1", 0), ("V1", "R1", 15)]
    assert found.panes[0].title == "where the defect is"
    assert found.panes[1].ratio == pytest.approx(0.6)
    assert cyan(opened(found.panes[0].pictures.seen)).any()
    assert not cyan(opened(found.panes[1].pictures.seen)).any()
    assert found.run == 3


def test_one_picture_is_enough_where_both_are_the_same(shown: Callable[..., object]) -> None:
    """The highest score lies on the defect, though another frame shows a little more of it."""
    found = shown("spot", {41: 8, 1: 9})
    assert [pane.title for pane in found.panes] == ["highest score, and there the defect is"]


def test_a_defect_outside_every_patch_is_said_to_be(shown: Callable[..., object]) -> None:
    """The pictures cannot show it, so words do."""
    found = shown("spot", {})
    assert len(found.panes) == 1
    assert found.note == "In this run the defect shows in no inspected patch."


@pytest.mark.parametrize(("kind", "masked"), [("", {5: 9}), ("spot", None)])
def test_without_a_known_defect_the_highest_score_is_shown(
    shown: Callable[..., object], kind: str, masked: dict[int, int] | None
) -> None:
    """A good unit, and a defective one whose truth is not known to the pixel."""
    found = shown(kind, masked)
    assert [pane.title for pane in found.panes] == ["highest score of all patches"]
    assert found.note == ""


def test_the_heat_of_a_graph_with_maps_is_that_of_its_map() -> None:
    """Twice the threshold is as hot as it gets, and only there."""
    maps = np.zeros((1, 4, 4), np.float32)
    maps[0, 0, 0] = 2 * LIMIT
    grey = np.full((1, 32, 32), 90, np.uint8)
    heat = Look(grey, grey, None, maps).heat(0, LIMIT)
    expected = np.zeros((4, 4), np.float32)
    expected[0, 0] = 1
    assert heat == pytest.approx(expected)


@pytest.mark.parametrize("size", [32, 256, 300])
def test_pictures_have_one_size_and_leave_the_defect_free(size: int) -> None:
    """The outline runs around what the mask marks, some pixels away from it."""
    patch = np.full((size, size), 200, np.uint8)
    mask = np.zeros_like(patch)
    third = size // 3
    mask[third : 2 * third, third : 2 * third] = 255
    found = pictures(patch, patch, np.zeros((size, size), np.float32), mask)
    images = [opened(uri) for uri in (found.seen, found.redrawn, found.heat)]
    assert {image.shape for image in images} == {(SIDE_PX, SIDE_PX, 3)}
    line = cyan(images[0])
    first, last = third * SIDE_PX // size, 2 * third * SIDE_PX // size
    assert line.any()
    assert not line[first:last, first:last].any()
    assert not line[: first - 10].any()
    assert not cyan(images[1]).any()
