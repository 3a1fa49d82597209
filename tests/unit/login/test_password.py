"""Passwords as they are kept."""

import pytest

from stripsight.errors import LoginError
from stripsight.login.password import hashed, is_kept, matches

GOOD = "correct horse"


def test_only_the_right_password_matches() -> None:
    """And nothing of it can be read from what is kept."""
    kept = hashed(GOOD)
    assert is_kept(kept)
    assert GOOD not in kept
    assert [matches(word, kept) for word in (GOOD, GOOD + " ", GOOD.upper(), "", "x" * 1000)] == [True, *[False] * 4]


def test_two_users_with_one_password_are_not_seen_to_have() -> None:
    """Each has a salt of its own."""
    assert hashed(GOOD) != hashed(GOOD)


def test_an_accent_matches_however_the_keyboard_writes_it() -> None:
    """One character, or a letter and its accent."""
    assert matches("Bl\u00fctenstaub", hashed("Blu\u0308tenstaub"))


@pytest.mark.parametrize("password", ["", "nine char", "x" * 201])
def test_a_short_or_huge_one_is_refused(password: str) -> None:
    """With its length and without itself."""
    with pytest.raises(LoginError, match=f"10 to 200 characters, found {len(password)}") as refused:
        hashed(password)
    assert password not in refused.value.message or not password


@pytest.mark.parametrize(
    "text", ["", "correct horse", "scrypt$1$8$1$c2FsdA==$aGFzaA==", "md5$32768$8$1$c2FsdA==$aGFzaA=="]
)
def test_what_is_not_as_strong_is_not_taken(text: str) -> None:
    """Plain text, or a hash that costs less to guess."""
    assert not is_kept(text)
