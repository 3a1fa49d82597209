"""How thresholds are chosen, as an experiment file says it."""

import tomllib

import pytest
from pydantic import TypeAdapter, ValidationError

from stripsight_lab.tune import Balance, FalseReject, GoodOnly, MissRate, TuneSettings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('method = "false-reject"\ntarget = 0.03', FalseReject(target=0.03)),
        ('method = "miss-rate"\ntarget = 0', MissRate(target=0)),
        ('method = "balance"', Balance()),
        ('method = "good-only"\ntarget = 0.02', GoodOnly(target=0.02, promise="expected")),
        ('method = "good-only"\ntarget = 0.05\npromise = "upper"', GoodOnly(target=0.05, promise="upper")),
    ],
)
def test_the_method_names_the_table(text: str, expected: TuneSettings) -> None:
    """A TOML table becomes the settings of its method."""
    settings: TuneSettings = TypeAdapter(TuneSettings).validate_python(tomllib.loads(text))
    assert settings == expected


@pytest.mark.parametrize(
    "text",
    [
        "target = 0.03",
        'method = "best"',
        'method = "balance"\ntarget = 0.1',
        'method = "false-reject"\ntarget = 1.0',
        'method = "miss-rate"\ntarget = -0.1',
        'method = "good-only"\ntarget = 0.0',
    ],
)
def test_what_no_method_knows_is_refused(text: str) -> None:
    """No method, an unknown one, a key of another method, a share outside the range."""
    with pytest.raises(ValidationError):
        TypeAdapter(TuneSettings).validate_python(tomllib.loads(text))
