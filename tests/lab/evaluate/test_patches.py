"""The paper's Table 1."""

import numpy as np
import pytest

from stripsight_lab.evaluate.judged import Judged, judged
from stripsight_lab.evaluate.patches import patch_table
from stripsight_lab.tune.rates import Rate

NAMES = ("top", "bottom")


def kit() -> Judged:
    """Two frames x two vials x two regions, thresholds 1 and 2: a good strip, and one with a defect in vial 0, top.

    The good one is rejected in vial 1, bottom, once. The defective one is found in its second frame, and rejected in
    vial 1, top, where nothing shows.
    """
    good = [0.1, 0.2, 0.3, 2.5, 0.1, 0.2, 0.3, 0.4]
    defective = [0.9, 0.2, 1.5, 0.4, 1.2, 0.2, 0.3, 0.4]
    return judged(np.array([good, defective]), ["", "spot"], np.array([0, 0.5]), (1.0, 2.0))


def truth() -> np.ndarray:
    """The defect shows in both frames."""
    shows = np.zeros((2, 8), dtype=bool)
    shows[1, [0, 4]] = True
    return shows


def test_table_1_by_hand() -> None:
    """Good patches of the good strip only, defective ones where the defect shows; the other six are left out."""
    table = patch_table(kit(), truth(), 2, NAMES)
    top, bottom = table.regions
    assert (top.detection.hits, top.detection.total) == (1, 2)
    assert (top.false_reject.hits, top.false_reject.total) == (0, 4)
    assert (bottom.detection.total, bottom.false_reject.hits, bottom.false_reject.total) == (0, 1, 4)
    assert (top.name, top.threshold, bottom.name, bottom.threshold) == ("top", 1.0, "bottom", 2.0)
    assert (top.accuracy.hits, top.accuracy.total) == (5, 6)
    assert table.left_out == 6


def test_a_vial_is_judged_by_all_its_regions_and_frames() -> None:
    """Of two good vials one is rejected, the defective one is; the other vial of its strip is left out."""
    vial = patch_table(kit(), truth(), 2, NAMES).vial
    assert vial.threshold is None
    assert vial.detection == Rate(1, 1)
    assert (vial.false_reject.hits, vial.false_reject.total) == (1, 2)


def test_auroc_of_a_region_and_of_the_vials() -> None:
    """Top: both defective patches above all good ones. Vials: 1.2 of its threshold against 0.3 and 1.25."""
    table = patch_table(kit(), truth(), 2, NAMES)
    assert table.regions[0].auroc == 1.0
    assert table.regions[1].auroc is None
    assert table.vial.auroc == 0.5


def test_patches_of_one_product_are_not_independent() -> None:
    """Four patches of one good strip leave the interval wider than four strips of one patch would."""
    assert patch_table(kit(), truth(), 2, NAMES).regions[0].false_reject.high > Rate(0, 4).high


def test_without_masks_no_patch_counts_as_defective() -> None:
    """What is not known is left out; false rejects are still counted."""
    table = patch_table(kit(), None, 2, NAMES)
    assert table.left_out == 8
    assert [region.detection.total for region in table.regions] == [0, 0]
    assert table.regions[1].false_reject.hits == 1


def test_a_strip_of_one_patch_shows_its_defect_there() -> None:
    """One frame, one vial, one region: no mask is needed."""
    one = judged(np.array([[1.0], [3.0]]), ["", "spot"], np.array([0, np.nan]), (2.0,))
    table = patch_table(one, None, 1, ["R0"])
    assert table.regions[0].detection == table.vial.detection == Rate(1, 1)
    assert table.left_out == 0


def test_a_truth_that_does_not_fit_is_refused() -> None:
    """Another shape, other places, a defect in a good strip."""
    with pytest.raises(ValueError, match=r"expected \[2, 8\], found \[2, 4\]"):
        patch_table(kit(), truth()[:, :4], 2, NAMES)
    with pytest.raises(ValueError, match="divide 8 patches, found 2 regions and 3 vials"):
        patch_table(kit(), truth(), 3, NAMES)
    with pytest.raises(ValueError, match="found 1 regions and 2 vials"):
        patch_table(kit(), truth(), 2, NAMES[:1])
    with pytest.raises(ValueError, match="no defect in good strips, found it in 1"):
        patch_table(kit(), ~truth(), 2, NAMES)
