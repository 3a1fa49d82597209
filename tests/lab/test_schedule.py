"""The learning rate."""

import pytest

from stripsight_lab.schedule import ScheduleSettings, learning_rate

PAPER = ScheduleSettings()


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 1.5e-4),
        (50, 0.75e-4),  # half of the first period
        (75, 1.5e-4 * 0.146447),  # (1 + cos 135 deg) / 2
        (100, 0.5e-4),  # first restart, a third
        (200, 0.25e-4),  # half of the second period, which is twice as long
        (300, 1.5e-4 / 9),  # second restart
        (700, 1.5e-4 / 27),
    ],
)
def test_restarts_come_after_1_3_and_7_epochs_at_a_third(step: int, expected: float) -> None:
    """Epochs of 100 steps."""
    assert learning_rate(PAPER, step, 100) == pytest.approx(expected, rel=1e-5)


def test_within_a_period_it_only_falls() -> None:
    """To nearly nothing before each restart."""
    rates = [learning_rate(PAPER, step, 100) for step in range(300)]
    rises = [step for step in range(1, 300) if rates[step] > rates[step - 1]]
    assert rises == [100]
    assert 0 < rates[99] < 1e-7


def test_periods_of_one_length_are_a_setting() -> None:
    """Growth 1 is the paper's sentence taken by the letter: a restart each period."""
    settings = ScheduleSettings(growth=1)
    assert [learning_rate(settings, step, 10) for step in (10, 20, 30)] == pytest.approx(
        [1.5e-4 / 3, 1.5e-4 / 9, 1.5e-4 / 27]
    )


@pytest.mark.parametrize(("step", "period"), [(-1, 10), (0, 0)])
def test_impossible_steps_are_refused(step: int, period: int) -> None:
    """A data set smaller than a batch has no epoch."""
    with pytest.raises(ValueError, match="or more"):
        learning_rate(PAPER, step, period)


@pytest.mark.parametrize("wrong", [{"peak": 0}, {"restart": 0}, {"growth": 0.5}])
def test_settings_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    """A shrinking period would never end."""
    with pytest.raises(ValueError, match="must be"):
        ScheduleSettings(**wrong)
