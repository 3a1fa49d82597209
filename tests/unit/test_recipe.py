"""Recipes: what is data, and what is refused with the place named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from stripsight.errors import RecipeError
from stripsight.recipe import Box, PixelFormat, Place, Recipe, load_recipe

SHIPPED = Path(__file__).parents[2] / "models" / "recipes" / "bfs-5x4.toml"

TEXT = """
schema_version = 1
[product]
name = "two-by-one"
[frame]
width_px = 100
height_px = 60
indices = [2, 5]
pixel_formats = ["MONO8"]
[patch]
size_px = 16
[[vials]]
name = "A"
left_px = 4
top_px = 6
[[vials]]
name = "B"
left_px = 50
top_px = 6
[[regions]]
name = "top"
box = { left_px = -4, top_px = 0, right_px = 12, bottom_px = 16 }
[[regions]]
name = "low"
box = { left_px = 0, top_px = 20, right_px = 20, bottom_px = 50 }
[slot]
duration_ms = 500
"""


def test_the_recipe_that_ships() -> None:
    """The shipped product has 60 places: 3 frames of 1920 x 1080, 5 vials, 4 regions of 256 px."""
    recipe = load_recipe(SHIPPED.read_bytes())
    assert (recipe.patch_count, recipe.patches_per_frame) == (60, 20)
    assert (recipe.frame.width_px, recipe.frame.height_px, recipe.frame.indices) == (1920, 1080, (0, 7, 15))
    assert {(p.box.width_px, p.box.height_px) for p in recipe.patches} == {(256, 256)}
    assert [p.index for p in recipe.patches] == list(range(60))
    expected = Box(left_px=492, top_px=284, right_px=748, bottom_px=540)
    assert recipe.patches[25] == Place(25, 7, "V2", "R1", expected)
    assert recipe.vial_boxes["V5"] == Box(left_px=1512, top_px=28, right_px=1768, bottom_px=1052)


def test_places_are_ordered_by_frame_vial_region() -> None:
    """The order of the batch is frame, then vial, then region, whatever they are called."""
    places = [(p.frame, p.vial, p.region) for p in load_recipe(TEXT).patches]
    assert places == [(f, v, r) for f in (2, 5) for v in "AB" for r in ("top", "low")]


def test_boxes_are_relative_to_the_vial() -> None:
    """A region's box moves with the vial's origin, and a vial's box holds all of its regions."""
    recipe = load_recipe(TEXT)
    assert recipe.patches[2].box == Box(left_px=46, top_px=6, right_px=62, bottom_px=22)
    assert recipe.vial_boxes["B"] == Box(left_px=46, top_px=6, right_px=70, bottom_px=56)


def test_defaults() -> None:
    """Scoring is the paper's unless named, and an image check that is not there is not made."""
    recipe = load_recipe(TEXT)
    assert recipe.scoring.method == "mean_ssim"
    assert not any(dict(recipe.checks).values())
    assert recipe.frame.pixel_formats == (PixelFormat.MONO8,)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version", ["1", "2"]),
        ("width_px = 100", 'width_px = "100"', "frame.width_px", ["integer", "'100'"]),
        ("width_px = 100", "width_px = 100\nshutter = 3", "frame.shutter", ["not permitted", "3"]),
        ("indices = [2, 5]", "indices = [5, 2]", "frame", ["ascending", "[5, 2]"]),
        ("indices = [2, 5]", "indices = [2, 2]", "frame", ["without repeats", "[2, 2]"]),
        ('["MONO8"]', '["JPEG"]', "frame.pixel_formats[0]", ["MONO8", "JPEG"]),
        ("size_px = 16", "size_px = 10", "patch.size_px", ["11", "10"]),
        ('name = "B"', 'name = "A"', "", ["vials", "A twice"]),
        ('name = "low"', 'name = "top"', "", ["regions", "top twice"]),
        ('name = "low"', 'name = "lo\\nw"', "regions[1].name", ["pattern", "lo\\nw"]),
        ("right_px = 12", "right_px = -4", "regions[0].box", ["left < right", "left_px=-4"]),
        ("left_px = 4", "left_px = 3", "", ["vial A, region top", "100 x 60", "left_px=-1"]),
        ("left_px = 50", "left_px = 81", "", ["vial B, region low", "100 x 60", "right_px=101"]),
        ("bottom_px = 50", "bottom_px = 55", "", ["vial A, region low", "bottom_px=61"]),
        ("duration_ms = 500", "duration_ms = 0", "slot.duration_ms", ["1", "0"]),
        (
            "[slot]",
            "[checks.focus]\nvariance_min = nan\n[slot]",
            "checks.focus.variance_min",
            ["finite", "nan"],
        ),
        ("[slot]", "[checks.exposure]\nmean_min = 3\n[slot]", "checks.exposure.mean_max", ["required"]),
        ("[patch]", "[patch", "", ["TOML"]),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, field: str, words: list[str]) -> None:
    """A recipe is refused with the place, what was expected and what was found."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(TEXT.replace(old, new, 1))
    assert caught.value.field == field
    assert all(word in caught.value.message for word in [*words, "recipe.toml"]), caught.value.message


def test_bytes_that_are_no_text() -> None:
    """A recipe that is not UTF-8 is refused."""
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(b"\xff\xfe")


def test_a_recipe_does_not_change() -> None:
    """A recipe is frozen."""
    recipe: Recipe = load_recipe(TEXT)
    with pytest.raises(ValidationError, match="frozen"):
        recipe.slot.duration_ms = 1
