"""Every error keeps its reason, field and facts."""

import re

import pytest

from stripsight.errors import EngineError, FrameSizeError, InvalidRequest, ScoresError, StripsightError


def every_error(root: type[StripsightError] = StripsightError) -> list[type[StripsightError]]:
    """Return `root` and all classes below it."""
    return [root, *(error for child in root.__subclasses__() for error in every_error(child))]


def test_facts_become_text() -> None:
    """Facts of any kind are text, ready for a log line; field and message are kept."""
    error = FrameSizeError("too small", field="frames[1].width_px", expected=1920, found=1.5)
    assert error.facts == {"expected": "1920", "found": "1.5"}
    assert (error.field, error.message, str(error)) == ("frames[1].width_px", "too small", "too small")


def test_no_two_errors_share_a_reason() -> None:
    """A reason names one class, in UPPER_SNAKE."""
    reasons = [error.reason for error in every_error()]
    assert len(set(reasons)) == len(reasons) > 20
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", reason) for reason in reasons)


@pytest.mark.parametrize(("error", "base"), [(FrameSizeError, InvalidRequest), (ScoresError, EngineError)])
def test_families(error: type[StripsightError], base: type[StripsightError]) -> None:
    """A wrong frame is a wrong request; wrong scores are a failed engine."""
    assert issubclass(error, base)
