"""Geometry, bubbles and the contact sheet."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from stripsight_lab.line import DefectKind
from stripsight_lab.line.bubbles import MOST_BUBBLES, Ball, bubbles, paint
from stripsight_lab.line.geometry import (
    FRAME_HEIGHT_PX,
    FRAME_WIDTH_PX,
    REGIONS,
    VIALS,
    region_box,
    vial_origin,
)
from stripsight_lab.line.instant import Instant
from stripsight_lab.line.liquid import surface
from stripsight_lab.line.mould import mould
from stripsight_lab.line.seeds import derive
from stripsight_lab.line.sheet import contact_sheet, defect_pair, write_sheet
from stripsight_lab.line.strip import Strip


def test_the_boxes_lie_side_by_side_in_the_frame() -> None:
    """Twenty boxes of 256 px, stacked from y 28 to 1052 around x 280, 620, 960, 1300 and 1640."""
    assert [vial_origin(vial) for vial in range(VIALS)] == [(x, 28) for x in (152, 492, 832, 1172, 1512)]
    for vial in range(VIALS):
        for row, region in enumerate(REGIONS):
            left, top, right, bottom = region_box(vial, region)
            assert (right - left, bottom - top, top) == (256, 256, 28 + 256 * row)
            assert 0 <= left < right <= FRAME_WIDTH_PX
            assert bottom <= FRAME_HEIGHT_PX


def test_unknown_vials_and_regions_are_refused() -> None:
    """There is no vial 5 or -1 and no region R4."""
    for vial in (-1, VIALS):
        with pytest.raises(IndexError):
            vial_origin(vial)
    with pytest.raises(ValueError, match="R4"):
        region_box(0, "R4")


def test_seeds_of_different_numbers_differ() -> None:
    """A trailing zero or another split of digits gives another seed."""
    seeds = [derive("a", 1), derive("a", 1, 0), derive("a", 10), derive("b", 1), derive("a", 0, 1)]
    assert len(set(seeds)) == len(seeds)


def test_bubbles_are_few_and_most_touch_the_surface() -> None:
    """A vial has 0 to 12 bubbles; over many vials more than half lie within 30 px below the surface."""
    counts, depths = [], []
    for seed in range(60):
        shape, now = mould(seed, 2), Instant(seed, 2, 0, 7)
        top = surface(shape, now)
        balls = bubbles(shape, top, now)
        counts.append(len(balls))
        depths += [ball.y - top.level for ball in balls]
    assert min(counts) <= 1
    assert 8 <= max(counts) <= MOST_BUBBLES
    assert 0.5 < np.mean(np.array(depths) < 30) < 0.95


def test_a_bubble_has_a_dark_rim_and_a_bright_centre() -> None:
    """Its centre is brighter than the liquid and its rim darker; outside it nothing changes."""
    picture = np.full((1024, 256), 190, dtype=np.float32)
    paint(picture, Ball(100, 600, 10))
    assert picture[600, 100] > 220
    assert picture[600, 91] < 100
    assert picture[600, 85] == 190


def test_a_bubble_outside_the_picture_draws_nothing() -> None:
    """A bubble beyond the vial's box is not an error."""
    picture = np.full((1024, 256), 190, dtype=np.float32)
    paint(picture, Ball(-60, 2000, 10))
    assert (picture == 190).all()


def test_the_sheet_shows_strips_and_defects() -> None:
    """A sheet has a row for each strip and kind, in colour because masks are outlined in red."""
    small = contact_sheet(seed=2, kinds=(DefectKind.BLACK_SPOT,), strips=1)
    assert small.dtype == np.uint8
    assert small.shape[2] == 3
    red = (small[:, :, 2] == 255) & (small[:, :, 0] == 0)
    assert red.any()


def test_a_good_strip_has_no_defect_to_crop() -> None:
    """Asking for the defect of a good strip is an error."""
    with pytest.raises(ValueError, match="no defect"):
        defect_pair(Strip.good(1), 0)


def test_the_sheet_is_written_as_png(tmp_path: Path) -> None:
    """What the file holds is the sheet, px by px."""
    out = tmp_path / "sheet.png"
    write_sheet(out, seed=2, kinds=(), strips=1)
    back = cv2.imdecode(np.frombuffer(out.read_bytes(), dtype=np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(np.asarray(back), contact_sheet(seed=2, kinds=(), strips=1))
