"""Defects: every kind, where it is, how it grows, and its mask."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight_lab.line import Defect, DefectKind, Strip
from stripsight_lab.line.camera import shoot
from stripsight_lab.line.geometry import INSPECTED_FRAMES, region_box, vial_origin

SEED, VIAL = 11, 1
FRAMES = (0, 7)
LEFT = vial_origin(VIAL)[0]
STILL = [kind for kind in DefectKind if kind is not DefectKind.DRIFTING_PARTICLE]
REGION = {
    DefectKind.STUCK_PARTICLE_FOAM: "R2",
    DefectKind.LOWER_BODY_DEFORMATION: "R3",
    DefectKind.LIGHT_SCRATCH_NEAR_NECK: "R1",
    DefectKind.LASER_CUT_IMPERFECTION: "R0",
    DefectKind.BUMP_BESIDE_BUBBLE: "R1",
    DefectKind.HEAVY_DEFORMATION_OVER_BUBBLE: "R1",
    DefectKind.SCRATCH_ON_NECK: "R1",
    DefectKind.LIGHT_BUMP_UNDER_CAP: "R0",
}


@dataclass(frozen=True, eq=False)
class Seen:
    """A defect on the vial's own columns, [F, 1080, 256], and the greatest change beyond them."""

    masks: NDArray[np.uint8]
    change: NDArray[np.uint8]
    elsewhere: int


def _strip(kind: DefectKind, severity: float) -> Strip:
    return Strip.defective(SEED, Defect(kind, VIAL, severity, seed=5))


@cache
def _twin(bubble: bool) -> NDArray[np.uint8]:
    kind = DefectKind.BUMP_BESIDE_BUBBLE if bubble else DefectKind.BLACK_SPOT
    return _strip(kind, 1.0).twin.acquire(0, FRAMES).frames


@cache
def _seen(kind: DefectKind, severity: float) -> Seen:
    strip = _strip(kind, severity)
    taken = strip.acquire(0, FRAMES)
    change = np.asarray(cv2.absdiff(taken.frames, _twin(strip.bubble_vial is not None)), dtype=np.uint8)
    own = (slice(None), slice(None), slice(LEFT, LEFT + 256))
    beyond = np.delete(change, own[2], axis=2)
    return Seen(taken.masks[own].copy(), change[own].copy(), int(beyond.max()))


def _middle(mask: NDArray[np.uint8], frame: int) -> NDArray[np.float64]:
    """Middle of a mask in px of the strip, with the frame's pose undone."""
    rows, columns = np.nonzero(mask)
    pose = np.vstack([shoot(SEED, 0, frame).matrix, [0, 0, 1]]).astype(np.float64)
    return np.asarray((np.linalg.inv(pose) @ [LEFT + columns.mean(), rows.mean(), 1])[:2])


@pytest.mark.parametrize("severity", [1.0, 0.1])
@pytest.mark.parametrize("kind", DefectKind)
def test_a_defect_changes_nothing_but_its_place(kind: DefectKind, severity: float) -> None:
    """Each kind has a mask; 50 px away from it the strip equals its twin px by px, and nearly so at 20."""
    seen = _seen(kind, severity)
    assert seen.masks.any()
    assert seen.masks.max() == 1
    assert seen.elsewhere == 0
    for mask, changed in zip(seen.masks, seen.change, strict=True):
        if not mask.any():
            assert not changed.any()
            continue
        away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
        assert not changed[away > 50].any()
        assert changed[away > 20].max() <= 3
        assert changed[mask == 1].mean() > 1.0


@pytest.mark.parametrize("kind", DefectKind)
def test_a_defect_grows_with_its_severity(kind: DefectKind) -> None:
    """The mean change of the picture rises with the severity, and severity 1 is plain."""
    changes = [float(_seen(kind, severity).change.mean()) for severity in (0.1, 0.4, 1.0)]
    assert changes == sorted(changes)
    assert changes[-1] > 4 * changes[0]
    assert _seen(kind, 1.0).change.max() > 40


@pytest.mark.parametrize("kind", STILL)
def test_a_defect_stays_put(kind: DefectKind) -> None:
    """In the strip's own px a defect is in the same place in two frames, though the liquid moves."""
    places = [_middle(mask, frame) for mask, frame in zip(_seen(kind, 1.0).masks, FRAMES, strict=True)]
    assert np.ptp(places, axis=0).max() < 4.0


def test_a_drifting_particle_moves() -> None:
    """The particle swings from side to side with the liquid."""
    frames = (0, 4, 8, 11, 15)
    masks = _strip(DefectKind.DRIFTING_PARTICLE, 1.0).acquire(0, frames).masks[:, :, LEFT : LEFT + 256]
    places = [_middle(mask, frame) for mask, frame in zip(masks, frames, strict=True) if mask.any()]
    assert np.ptp(places, axis=0)[0] > 20


@pytest.mark.parametrize("run", range(3))
def test_a_drifting_particle_is_seen_in_an_inspected_frame(run: int) -> None:
    """However the particle hides, one of the three inspected frames shows it."""
    assert _strip(DefectKind.DRIFTING_PARTICLE, 0.1).acquire(run, INSPECTED_FRAMES).masks.any()


@pytest.mark.parametrize(("kind", "region"), REGION.items())
def test_a_defect_is_where_its_kind_belongs(kind: DefectKind, region: str) -> None:
    """Most of a defect lies in the region that the paper shows it in."""
    _, top, _, bottom = region_box(VIAL, region)
    masks = _seen(kind, 1.0).masks
    assert masks[:, top:bottom].sum() > 0.6 * masks.sum()


def test_the_bubble_beside_a_bump_is_no_defect() -> None:
    """The twin of a strip with a bump keeps the big bubble, and has an empty mask."""
    twin = _strip(DefectKind.BUMP_BESIDE_BUBBLE, 1.0).twin
    assert twin.defect is None
    assert twin.bubble_vial == VIAL
    assert not twin.acquire(0, (7,)).masks.any()
    assert not np.array_equal(_twin(True), _twin(False))


@pytest.mark.parametrize(("vial", "severity"), [(5, 0.5), (-1, 0.5), (0, 0.0), (0, 1.1)])
def test_a_defect_out_of_range_is_refused(vial: int, severity: float) -> None:
    """A vial beyond the strip or a severity outside (0, 1] raises ValueError."""
    with pytest.raises(ValueError, match="is not"):
        Defect(DefectKind.BLACK_SPOT, vial, severity, seed=1)
