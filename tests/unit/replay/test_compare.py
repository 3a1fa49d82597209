"""Comparing what became of a strip with what would."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from stripsight.checks import Finding
from stripsight.recipe import Recipe
from stripsight.replay.compare import Change, Outcome, tried
from stripsight.strip import Inspection, StripHeader, late
from stripsight.verdict import Cause, Thresholds, Verdict, judge, rejected

LIMIT = 0.5
BASE = late(StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=3), "a" * 64, "cpu")


def inspected(recipe: Recipe, limit: float = LIMIT, **scores: float) -> Inspection:
    """A strip whose patches score 0.1, but for those given as `p<number>=score`."""
    every = np.full(recipe.patch_count, 0.1, np.float32)
    for name, score in scores.items():
        every[int(name[1:])] = score
    limits = Thresholds({region.name: limit for region in recipe.regions})
    return replace(BASE, judgement=judge(every, limits, recipe), record_seq=9)


def test_nothing_changes_when_nothing_does(strip_recipe: Recipe) -> None:
    """The same verdict, no difference, and the region that came nearest to its threshold."""
    once = inspected(strip_recipe, p21=0.3)
    found = tried(once, once)
    assert (found.change, found.score_difference, found.same_bundle) == (Change.UNCHANGED, 0.0, True)
    assert found.place_before == found.place_after
    assert found.place_after is not None
    assert (found.place_after.vial, found.place_after.region, found.place_after.frame) == ("V1", "R1", 7)
    assert (found.record_seq, found.strip_id, found.lot_id, found.strip_seq) == (9, "S-1", "L-1", 3)


def test_an_accept_that_becomes_a_reject_is_shown_where_it_is_rejected(strip_recipe: Recipe) -> None:
    """With the margin that the same region had before, though another was nearer then."""
    before, after = inspected(strip_recipe, p0=0.45, p3=0.2), inspected(strip_recipe, p0=0.45, p3=0.7)
    found = tried(before, replace(after, bundle_id="b" * 64))
    assert (found.change, found.before, found.after) == (Change.ACCEPT_TO_REJECT, Verdict.ACCEPT, Verdict.REJECT)
    assert found.place_before is not None
    assert found.place_after is not None
    assert (found.place_before.region, found.place_after.region) == ("R3", "R3")
    assert found.place_before.margin == pytest.approx(0.3)
    assert found.place_after.margin == pytest.approx(-0.2)
    assert (found.score_difference, found.same_bundle) == (pytest.approx(0.5), False)


def test_a_reject_that_becomes_an_accept_is_shown_where_it_was_rejected(strip_recipe: Recipe) -> None:
    """With the margin that the same region has now."""
    found = tried(inspected(strip_recipe, p0=0.45, p3=0.7), inspected(strip_recipe, 0.8, p0=0.45, p3=0.7))
    assert found.change is Change.REJECT_TO_ACCEPT
    assert found.place_before is not None
    assert found.place_after is not None
    assert (found.place_before.region, found.place_before.margin) == ("R3", pytest.approx(-0.2))
    assert (found.place_after.region, found.place_after.margin) == ("R3", pytest.approx(0.1))


def test_that_a_strip_was_late_plays_no_part(strip_recipe: Recipe) -> None:
    """Its pictures would have been accepted then too."""
    before = inspected(strip_recipe)
    found = tried(replace(before, judgement=before.judgement.and_rejected(Cause.LATE)), before)
    assert (found.change, found.before, found.causes_before) == (Change.UNCHANGED, Verdict.ACCEPT, ())


def test_a_strip_that_an_image_check_rejects_has_its_message(strip_recipe: Recipe) -> None:
    """And no score on that side."""
    finding = Finding(Cause.IMAGE_QUALITY, "frame 0, vial V1: too dark", 0)
    dark = replace(BASE, judgement=rejected(Cause.IMAGE_QUALITY), findings=(finding,))
    found = tried(dark, inspected(strip_recipe))
    assert (found.change, found.messages) == (Change.REJECT_TO_ACCEPT, ("frame 0, vial V1: too dark",))
    assert (found.place_before, found.score_difference) == (None, None)


def test_scores_that_are_no_numbers_are_compared_too(strip_recipe: Recipe) -> None:
    """The same one twice is no difference, and a new one is the largest there is; it is never an accept."""
    broken, good = inspected(strip_recipe, p5=math.nan), inspected(strip_recipe)
    assert tried(broken, broken).score_difference == 0.0
    assert tried(good, broken).score_difference == math.inf
    assert tried(good, broken).change is Change.ACCEPT_TO_REJECT


def test_what_it_comes_to_is_counted(strip_recipe: Recipe) -> None:
    """By change; the largest difference is that of strips that the same bundle has judged."""
    good, bad = inspected(strip_recipe), inspected(strip_recipe, p3=0.75)
    other = replace(good, bundle_id="b" * 64)
    near = inspected(strip_recipe, p3=0.125)
    strips = (tried(good, bad), tried(bad, good), tried(good, near), tried(bad, other))
    outcome = Outcome(strips, Counter())
    assert outcome.counts == {Change.ACCEPT_TO_REJECT: 1, Change.REJECT_TO_ACCEPT: 2, Change.UNCHANGED: 1}
    assert outcome.changed == [strips[0], strips[1], strips[3]]
    assert outcome.same == list(strips[:3])
    assert outcome.same_difference == pytest.approx(0.65)
    assert Outcome(strips[2:], Counter()).same_difference == pytest.approx(0.025)
