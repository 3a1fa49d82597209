"""Kits of known good and defective strips."""

from collections import Counter

from stripsight_lab.line import DefectKind, random_kit


def test_a_kit_is_reproducible_and_complete() -> None:
    """A kit holds what was asked for, under distinct names, and comes again from its seed."""
    kit = random_kit(4, good=30, defective=33)
    assert kit == random_kit(4, good=30, defective=33)
    assert len({item.strip_id for item in kit}) == 63
    assert sum(item.defect is None for item in kit) == 30
    assert all(item.strip.defect == item.defect for item in kit)


def test_kinds_are_balanced_and_severities_spread() -> None:
    """Each kind comes equally often, with a weak, a middling and a strong example of each."""
    defects = [item.defect for item in random_kit(4, good=0, defective=33) if item.defect is not None]
    assert set(Counter(defect.kind for defect in defects).values()) == {3}
    for kind in DefectKind:
        weak, middling, strong = sorted(d.severity for d in defects if d.kind is kind)
        assert 0.1 <= weak <= 0.4 <= middling <= 0.7 <= strong <= 1.0


def test_good_and_defective_are_mixed() -> None:
    """Neither the first nor the last half of a kit holds all the defective strips."""
    half = [item.defect is not None for item in random_kit(4, good=50, defective=50)][:50]
    assert 10 < sum(half) < 40


def test_kits_are_disjoint() -> None:
    """Kits of different seeds share no strip and no defect, and no name."""
    kits = [random_kit(seed, good=100, defective=110) for seed in (1, 2, 3)]
    items = [item for kit in kits for item in kit]
    assert len({item.strip.seed for item in items}) == len(items)
    assert len({item.defect.seed for item in items if item.defect}) == 330
    assert len({item.strip_id for item in items}) == len(items)
