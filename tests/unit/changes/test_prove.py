"""An engine proves itself in moments without a strip, or the change is given up."""

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stripsight.bundle import Bundle
from stripsight.changes.prove import challenged, started
from stripsight.engine import Engine
from stripsight.errors import ChallengeError, EngineError, NotReady, Overloaded, ProviderError
from stripsight.start import start_engine
from stripsight.station.admission import Admission

FAR_S = 60.0


def test_the_challenge_runs_a_frame_at_a_time(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """Six frames are six pieces, and one that says there is none left."""
    pieces = []

    def idle(work: Any) -> "Future[bool]":
        done: Future[bool] = Future()
        done.set_result(work())
        pieces.append(work)
        return done

    result = challenged(strip_bundle, strip_engine, idle, FAR_S)
    assert (result.strips, len(pieces)) == (2, 7)


def test_a_line_without_a_free_moment_keeps_its_bundle(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """The piece that waits never runs."""
    admission = Admission(waiting=0)
    place = admission.enter()
    with pytest.raises(Overloaded, match="no moment free for 0 s"):
        challenged(strip_bundle, strip_engine, admission.submit_idle, 0)
    place.leave()
    assert admission.submit_idle(lambda: "free").result(FAR_S) == "free"


def test_a_stop_ends_a_change(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """NotReady, as for strips."""
    admission = Admission(waiting=0)
    assert admission.close(FAR_S)
    with pytest.raises(NotReady):
        challenged(strip_bundle, strip_engine, admission.submit_idle, FAR_S)


def test_what_the_challenge_says_is_raised_here_and_not_in_the_lane(strip_bundle: Bundle, strip_engine: Engine) -> None:
    """A miss and a failure of the new engine: the lane goes on."""
    admission = Admission(waiting=0)
    first = replace(strip_bundle.challenge[0], scores=np.zeros(60, np.float32))
    with pytest.raises(ChallengeError, match="challenge strip good"):
        challenged(replace(strip_bundle, challenge=(first,)), strip_engine, admission.submit_idle, FAR_S)
    other = Engine(strip_bundle.graph, threads=1, patch_size=32, patches_per_frame=19)
    with pytest.raises(EngineError, match="patches"):
        challenged(strip_bundle, other, admission.submit_idle, FAR_S)
    assert admission.submit_idle(lambda: "goes on").result(FAR_S) == "goes on"


def test_an_engine_on_another_provider_is_refused(strip_bundle: Bundle) -> None:
    """A bundle never moves the line from the GPU to the CPU."""
    with pytest.raises(ProviderError, match=r"expected cuda .*, found cpu"):
        started(strip_bundle, lambda bundle: start_engine(bundle, threads=1), "cuda")
