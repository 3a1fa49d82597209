"""The challenge set: known strips that an engine must score as the bundle says."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.bundle import Bundle
from stripsight.engine import Engine
from stripsight.errors import ChallengeError
from stripsight.frame import PixelFormat
from stripsight.start import challenge
from stripsight.verdict import Thresholds


def test_the_challenge_set_passes_on_its_own_engine(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """The engine that made the scores reproduces them."""
    result = challenge(strip_engine, strip_bundle)
    assert (result.strips, result.tolerance) == (2, 1e-3)
    assert result.max_score_error < 1e-6


def test_the_challenge_set_needs_no_png_from_the_machine(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """A product whose machine sends MONO8 only still runs its challenge set, which is PNG."""
    recipe = strip_bundle.recipe
    frame = recipe.frame.model_copy(update={"pixel_formats": (PixelFormat.MONO8,)})
    bundle = replace(strip_bundle, recipe=recipe.model_copy(update={"frame": frame}))
    assert challenge(strip_engine, bundle).strips == 2


def shifted(scores: NDArray[np.float32], by: float) -> NDArray[np.float32]:
    """The same scores, with one a little off."""
    return np.concatenate([scores[:-1], scores[-1:] + np.float32(by)])


@pytest.mark.parametrize(("by", "passes"), [(0.0009, True), (-0.0009, True), (0.0011, False), (-0.0011, False)])
def test_one_score_off_by_more_than_the_tolerance(
    by: float, passes: bool, strip_bundle: Bundle, strip_engine: Engine
) -> None:
    """One of 60 scores that is off by more than 1e-3 fails the challenge."""
    good, bad = strip_bundle.challenge
    bundle = replace(strip_bundle, challenge=(replace(good, scores=shifted(good.scores, by)), bad))
    if passes:
        assert challenge(strip_engine, bundle).max_score_error == pytest.approx(0.0009, abs=1e-5)
    else:
        with pytest.raises(ChallengeError, match=r"strip good: expected scores within 0.001, found"):
            challenge(strip_engine, bundle)


def test_another_verdict_fails_the_challenge(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """Right scores with another verdict fail too."""
    strict = Thresholds({name: value / 2 for name, value in strip_bundle.thresholds.values.items()})
    with pytest.raises(ChallengeError, match="strip good: expected ACCEPT, found REJECT"):
        challenge(strip_engine, replace(strip_bundle, thresholds=strict))


def test_a_miss_tells_the_verdict_that_would_have_been_given(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """Where the scores are off so far that it is another one, beside the error."""
    good, bad = strip_bundle.challenge
    swapped = replace(strip_bundle, challenge=(replace(good, scores=bad.scores, verdict=bad.verdict), bad))
    with pytest.raises(ChallengeError, match=r"an error of [0-9.]+, and ACCEPT instead of REJECT"):
        challenge(strip_engine, swapped)


def test_nan_fails_the_challenge(scores_of: Callable[..., bytes], strip_bundle: Bundle) -> None:
    """An engine that says NaN is not within any tolerance."""
    with pytest.raises(ChallengeError, match="found an error of nan"):
        challenge(Engine(scores_of("nan"), threads=1, patch_size=32), strip_bundle)
