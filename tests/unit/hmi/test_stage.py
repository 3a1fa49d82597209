"""What is drawn of a strip."""

from collections.abc import Callable
from dataclasses import replace

from stripsight.hmi.product import Box, Product
from stripsight.hmi.snapshot import Shot
from stripsight.hmi.stage import Look, stage_of
from stripsight.hmi.strip import Strip

StripAt = Callable[..., Strip]
ALL = (0, 7, 15)


def test_the_deciding_frame_is_shown_unless_another_is_chosen(strip_at: StripAt, product: Product) -> None:
    """With its own heatmaps, and no other frame's."""
    shot = Shot(strip_at(5, V4_R2=0.05), ALL, ((7, "V4", "R2"), (15, "V4", "R2")))
    decided, chosen = stage_of(shot, product, Look()), stage_of(shot, product, Look(frame=15))
    assert decided.hrefs == ["/pictures/5/frame/7.png", "/pictures/5/heat/7/V4/R2.png"]
    assert chosen.hrefs == ["/pictures/5/frame/15.png", "/pictures/5/heat/15/V4/R2.png"]


def test_a_heatmap_lies_on_its_region(strip_at: StripAt, product: Product) -> None:
    """Where the product says that the region is."""
    shot = Shot(strip_at(V4_R2=0.05), ALL, ((7, "V4", "R2"),))
    assert stage_of(shot, product, Look()).heats[0].box == Box(268, 72, 300, 104)


def test_marks_tell_which_failed_and_in_which_frame(strip_at: StripAt, product: Product) -> None:
    """By region, by vial, and with a sign beside the colour."""
    shot = Shot(strip_at(V4_R2=0.05), ALL)
    stage = stage_of(shot, product, Look())
    assert [(mark.vial, mark.name, mark.decided) for mark in stage.regions if mark.failed] == [("V4", "R2", True)]
    assert [(mark.name, mark.note) for mark in stage.vials] == [
        ("V1", "✓"), ("V2", "✓"), ("V3", "✓"), ("V4", "✕"), ("V5", "✓"),
    ]  # fmt: skip
    assert not any(mark.failed and mark.decided for mark in stage_of(shot, product, Look(frame=0)).regions)


def test_a_strip_without_scores_is_not_ticked(product: Product, strip_at: StripAt) -> None:
    """Nobody looked at its vials, so none is good."""
    stage = stage_of(Shot(replace(strip_at(), scores=()), ALL), product, Look())
    assert {mark.note for mark in stage.vials} == {""} and stage.index == 0


def test_without_its_picture_a_frame_is_not_drawn(strip_at: StripAt, product: Product) -> None:
    """And the page says why."""
    stage = stage_of(Shot(strip_at(), (), (), "not kept"), product, Look())
    assert (stage.frame, stage.hrefs, stage.missing) == (None, [], "not kept")


def test_zoom_stays_inside_the_frame(strip_at: StripAt, product: Product) -> None:
    """Around the worst region, or the one that was touched."""
    shot = Shot(strip_at(V5_R3=0.05), ALL)
    worst = stage_of(shot, product, Look(zoom=4)).window
    assert (worst.width, worst.height, worst.right <= 408, worst.bottom <= 144) == (102, 36, True, True)
    touched = stage_of(shot, product, Look(zoom=4, place=("V1", "R0"))).window
    assert (touched.left, touched.top) == (0, 6)


def test_touches_change_the_look() -> None:
    """Frames, zoom in bounds, and a region that is touched twice gives the whole strip again."""
    look = Look().after("frame:7")
    assert (look.frame, look.after("frame:").frame) == (7, None)
    close = look.after("place:V1/R2")
    assert (close.frame, close.zoom, close.place) == (7, 4, ("V1", "R2"))
    assert close.after("place:V1/R2").zoom == 1
    assert (close.after("place:V2/R0").zoom, close.after("place:V2/R0").place) == (4, ("V2", "R0"))
    assert close.after("zoom:in").after("zoom:in").after("zoom:in").zoom == 8
    assert close.after("zoom:out").after("zoom:out").after("zoom:out").zoom == 1
    assert close.after("zoom:worst").place is None and close.after("zoom:all").zoom == 1
