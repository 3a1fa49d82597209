"""The timer that feeds reply, histogram and benchmark."""

import pytest

from stripsight.timing import StageTimer


def test_stages_hold_their_seconds_in_order() -> None:
    """Each stage has the time spent in it, a repeated one the sum, and the total covers the gaps."""
    times = iter([0.0, 1.0, 3.0, 10.0, 14.0, 20.0, 21.0, 30.0])
    timer = StageTimer(lambda: next(times))
    for name in ("decode", "crop", "decode"):
        with timer.stage(name):
            pass
    assert timer.stages == {"decode": 3.0, "crop": 4.0}
    assert list(timer.stages) == ["decode", "crop"]
    assert timer.total_s == 30.0


def test_a_stage_that_raises_is_timed() -> None:
    """The time spent in a stage that fails is not lost."""
    times = iter([0.0, 1.0, 3.0])
    timer = StageTimer(lambda: next(times))
    with pytest.raises(ValueError, match="broken"), timer.stage("decode"):
        raise ValueError("broken")
    assert timer.stages == {"decode": 2.0}


def test_pauses_are_left_out_of_the_whole() -> None:
    """The time between pause and resume counts in no stage and not in the total."""
    times = iter([0.0, 2.0, 100.0, 101.0, 104.0, 105.0, 200.0, 201.0])
    timer = StageTimer(lambda: next(times))
    timer.pause()
    timer.resume()
    with timer.stage("decode"):
        pass
    timer.pause()
    timer.resume()
    assert timer.stages == {"decode": 3.0}
    assert timer.total_s == 2.0 + 5.0 + 1.0
