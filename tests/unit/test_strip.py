"""What may be asked about a strip."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.errors import IdInvalid
from stripsight.strip import HeatmapStyle, HeatmapWhich, StripKey, StripRequest


def asked(**changes: Any) -> StripRequest:
    """A request without frames, which are looked at later."""
    ids: dict[str, Any] = {"strip_id": "S-1", "lot_id": "LOT 7".replace(" ", "/"), "strip_seq": 1}
    return StripRequest(**(ids | changes), frames=())


def test_defaults() -> None:
    """Unless asked otherwise, rejected patches get heatmaps anchored on their threshold."""
    request = asked()
    assert (request.heatmaps.which, request.heatmaps.style) == (HeatmapWhich.REJECTED, HeatmapStyle.ANCHORED)
    assert request.key == StripKey("LOT/7", "S-1", 1)


@pytest.mark.parametrize("name", ["strip_id", "lot_id"])
@pytest.mark.parametrize("value", ["a", "0" * 64, "L24.11/03-A_7:1+x"])
def test_plain_ids(name: str, value: str) -> None:
    """Letters, digits and the usual punctuation of serial numbers are taken."""
    assert getattr(asked(**{name: value}), name) == value


@pytest.mark.parametrize("name", ["strip_id", "lot_id"])
@pytest.mark.parametrize(
    "value", ["", "a" * 65, "a\n", "a b", "\x1b[31mred", "-a", "../a", "é", "a\0", "x" * 1_000_000, "１"]
)
def test_hostile_ids(name: str, value: str) -> None:
    """Anything else is refused, and the message holds little of it, escaped."""
    with pytest.raises(IdInvalid) as caught:
        asked(**{name: value})
    assert caught.value.field == name
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=80))
def test_an_id_that_is_taken_is_printable(value: str) -> None:
    """Whatever text is taken as an id can go into a log line as it is."""
    try:
        request = asked(strip_id=value)
    except IdInvalid:
        return
    assert request.strip_id.isascii()
    assert request.strip_id.isprintable()
    assert " " not in request.strip_id


@pytest.mark.parametrize("value", [-1, 1 << 63])
def test_numbers_that_no_database_holds(value: int) -> None:
    """The strip's number fits a signed 64 bit integer and is not negative."""
    with pytest.raises(IdInvalid, match="strip_seq: expected 0 to"):
        asked(strip_seq=value)
