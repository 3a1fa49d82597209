"""Page tokens: only what was given out, only with the same filters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.errors import PageTokenInvalid
from stripsight.journal.wanted import Wanted
from stripsight.viewing.token import place_of, token_of

WANTED = Wanted(kinds=("strip",), lot_id="L-1")


@given(st.integers(0, 2**63 - 1))
def test_a_token_gives_its_place_back(before: int) -> None:
    """For every number that a record may have."""
    assert place_of(token_of(before, WANTED, "journal"), WANTED, "journal") == before


@given(st.text(max_size=60))
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    """Whatever its letters."""
    with pytest.raises(PageTokenInvalid):
        place_of(token, WANTED, "journal")


def test_a_token_belongs_to_filters_and_journal_and_stands_as_it_is() -> None:
    """Other filters, another journal, one bit more or less: all are refused."""
    token = token_of(1000, WANTED, "journal")
    cases = [(token, Wanted(lot_id="L-2"), "journal"), (token, WANTED, "another"), (f"_{token[1:]}", WANTED, "journal")]
    cases += [(changed, WANTED, "journal") for changed in (token[:-1], token + "A", token.swapcase(), " " + token)]
    for changed, wanted, journal in cases:
        with pytest.raises(PageTokenInvalid):
            place_of(changed, wanted, journal)
