"""AUPRO and the pixels' AUROC."""

import numpy as np
import pytest
from scipy.ndimage import label
from sklearn.metrics import auc, roc_auc_score

from stripsight_lab.evaluate.pixels import ProCurve, ScoreBins


def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """25 pixels: a defect of one at 0.9, one of four at 0.8, 0.8, 0.2, 0.2; 20 good: 0.85 x 2, 0.5 x 2, 0.1 x 16."""
    scores, mask = np.full((5, 5), 0.1, np.float32), np.zeros((5, 5), dtype=bool)
    mask[0, 0] = mask[3:, 3:] = True
    scores[0, 0] = 0.9
    scores[3:, 3:] = [[0.8, 0.2], [0.2, 0.8]]
    scores[0, 3:], scores[2, :2] = 0.85, 0.5
    return scores, mask


@pytest.mark.parametrize(("limit", "expected"), [(0.3, 0.75), (0.15, 0.7 / 1.2), (0.1, 0.5), (1.0, 0.925)])
def test_aupro_by_hand(limit: float, expected: float) -> None:
    """PRO is 0.5 up to a false share of 0.1, 0.75 up to 0.2, then 1; the area is cut at the limit and normalised."""
    curve = ProCurve()
    curve.add(*by_hand())
    assert curve.components == 2
    assert curve.aupro(limit) == pytest.approx(expected)


def test_pixel_auroc_by_hand() -> None:
    """0.9 is above all 20, each 0.8 above 18, each 0.2 above 16: 88 of 100 pairs."""
    curve = ProCurve()
    curve.add(*by_hand())
    assert curve.pixel_auroc() == pytest.approx(0.88)


def test_pixels_that_touch_at_a_corner_are_one_defect() -> None:
    """8-connected, as in the paper of the measure."""
    curve = ProCurve()
    curve.add(np.ones((4, 4), np.float32), np.eye(4, dtype=bool))
    assert curve.components == 1


def direct(maps: np.ndarray, masks: np.ndarray, limit: float) -> float:
    """AUPRO at every level that occurs, defect by defect."""
    levels = np.unique(maps)[::-1]
    defects = [
        one[labels == number]
        for one, mask in zip(maps, masks, strict=True)
        for labels, count in [label(mask, np.ones((3, 3)))]
        for number in range(1, count + 1)
    ]
    false = np.array([0.0, *[(maps[~masks] >= level).mean() for level in levels]])
    overlap = np.array([0.0, *[np.mean([(defect >= level).mean() for defect in defects]) for level in levels]])
    inside = false <= limit
    end = np.interp(limit, false, overlap)
    return float(auc(np.append(false[inside], limit), np.append(overlap[inside], end)) / limit)


def test_streamed_maps_give_the_direct_figures() -> None:
    """Six maps with defects of different sizes and strengths: within what the bins round off."""
    rng = np.random.default_rng(8)
    maps = rng.gamma(2, 0.02, (6, 24, 24)).astype(np.float32)
    masks = np.zeros(maps.shape, dtype=bool)
    masks[0, 2:6, 2:9] = masks[0, 12:14, 3:20] = masks[1, 5:6, 5:6] = masks[2, :10, 12:] = True
    maps[masks] += rng.gamma(2, 0.03, int(masks.sum())).astype(np.float32)
    curve = ProCurve()
    for one, mask in zip(maps, masks, strict=True):
        curve.add(one, mask)
    assert curve.components == 4
    assert curve.aupro() == pytest.approx(direct(maps, masks, 0.3), abs=2e-3)
    assert curve.pixel_auroc() == pytest.approx(roc_auc_score(masks.ravel(), maps.ravel()), abs=1e-3)


def test_merged_curves_are_one() -> None:
    """Counted in two places and added: the same figures as in one."""
    one, two, both = ProCurve(), ProCurve(), ProCurve()
    scores, mask = by_hand()
    one.add(scores, mask)
    two.add(scores * 0.5, mask.T)
    both.add(scores, mask)
    both.add(scores * 0.5, mask.T)
    one.merge(two)
    assert (one.aupro(), one.pixel_auroc()) == (both.aupro(), both.pixel_auroc())
    assert one.components == 4
    with pytest.raises(ValueError, match=r"count=10000\), found .*count=10\)"):
        one.merge(ProCurve(ScoreBins(count=10)))


def test_without_defects_or_without_good_pixels_there_is_no_figure() -> None:
    """None of an empty curve, of good maps alone and of a map that is all defect."""
    empty, good, defect = ProCurve(), ProCurve(), ProCurve()
    good.add(np.ones((3, 3), np.float32), np.zeros((3, 3), dtype=bool))
    defect.add(np.ones((3, 3), np.float32), np.ones((3, 3), dtype=bool))
    for curve in (empty, good, defect):
        assert (curve.aupro(), curve.pixel_auroc()) == (None, None)


def test_scores_beyond_the_bins_fall_in_the_outermost() -> None:
    """Zero and less in the first; more than the highest, and what is not finite, in the last."""
    scores = np.array([[-1, 0, 1e-9, 1e-6], [1.9999, 7, np.inf, np.nan]], np.float32)
    assert ScoreBins().place(scores).tolist() == [0, 0, 0, 0, 9999, 9999, 9999, 9999]


def test_bins_are_of_equal_ratio() -> None:
    """Of 1 to 16 in four bins each doubles."""
    places = ScoreBins(1.0, 16.0, 4).place(np.array([1.5, 2.5, 3.5, 5, 9, 15], np.float32))
    assert places.tolist() == [0, 1, 1, 2, 3, 3]


def test_a_mask_of_another_shape_is_refused() -> None:
    """A map is smaller than its patch by the window; the mask must be cut alike."""
    with pytest.raises(ValueError, match=r"the map \[3, 4\], found \[4, 4\]"):
        ProCurve().add(np.ones((3, 4), np.float32), np.ones((4, 4), dtype=bool))
