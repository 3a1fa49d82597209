"""One form for each entry, one entry for each form."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.journal.canonical import NotCanonical, form, parse
from stripsight.journal.record import Entry, Event, EventKind, Finding, Layout, Outcome, Refusal, StripRecord

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
number = st.floats(allow_nan=True, allow_infinity=True)
whole = st.integers(-(2**63), 2**63 - 1)
texts = st.lists(text, max_size=3).map(tuple)

strips = st.builds(
    StripRecord,
    lot_id=text,
    strip_id=text,
    strip_seq=whole,
    simulated=st.booleans(),
    product=text,
    bundle_id=text,
    provider=text,
    verdict=st.sampled_from(Outcome),
    causes=texts,
    findings=st.lists(st.builds(Finding, cause=text, frame_index=st.none() | whole, message=text), max_size=2).map(
        tuple
    ),
    refusal=st.none()
    | st.builds(Refusal, reason=text, message=text, field=text, facts=st.dictionaries(text, text, max_size=2)),
    frame_digests=texts,
    layout=st.builds(Layout, frames=st.lists(whole, max_size=3).map(tuple), vials=texts, regions=texts),
    thresholds=st.lists(number, max_size=4).map(tuple),
    scores=st.lists(number, max_size=8).map(tuple),
    heatmaps=st.integers(0, 60),
    stages_ms=st.dictionaries(text, number, max_size=3),
    total_ms=number,
    since_arrival_ms=number,
)
finite = st.floats(allow_nan=False, allow_infinity=False)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    facts=st.dictionaries(text, text | st.sampled_from(["NaN", "Infinity", "1", "1.0"]) | whole | finite, max_size=4),
)
entries = st.builds(
    Entry, seq=st.integers(1, 2**63 - 1), utc_us=whole, monotonic_us=whole, body=st.one_of(strips, events)
)


def bits(value: Any) -> Any:
    """Return a value in which numbers compare by their bits: 1 is not 1.0, 0.0 not -0.0, and NaN is NaN."""
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [bits(part) for part in value]
    return repr(value) if isinstance(value, float) else (type(value).__name__, value)


@given(entries)
def test_what_was_written_is_read_back(entry: Entry) -> None:
    """Every field, and every number to the bit."""
    assert bits(parse(form(entry)).model_dump()) == bits(entry.model_dump())


@given(entries, entries)
def test_equal_entries_and_only_they_have_equal_bytes(one: Entry, other: Entry) -> None:
    """A copy has the same bytes, whatever order its parts were given in; another entry has not."""
    assert (form(one) == form(other)) is (bits(one.model_dump()) == bits(other.model_dump()))
    turned = dict(reversed(one.model_dump().items()))
    assert form(Entry.model_validate(turned)) == form(one)


@given(entries, st.data())
def test_a_changed_byte_is_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    """Whatever byte is replaced, the result is never read as the same entry."""
    written = bytearray(form(entry))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse(bytes(written))
    except NotCanonical:
        return
    assert bits(changed.model_dump()) != bits(entry.model_dump())


def test_the_form_of_an_event_to_the_byte() -> None:
    """The form is fixed for good: ASCII, sorted, without a space, floats as short as they can be."""
    entry = Entry(seq=7, utc_us=1, monotonic_us=2, body=Event(kind=EventKind.STOP, facts={"b": 0.1, "a": "é", "c": 2}))
    assert form(entry) == (
        b'{"body":{"facts":{"a":"\\u00e9","b":0.1,"c":2},"kind":"stop"},'
        b'"monotonic_us":2,"schema_version":1,"seq":7,"utc_us":1}'
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [(math.nan, '"NaN"'), (math.inf, '"Infinity"'), (-math.inf, '"-Infinity"'), (-0.0, "-0.0"), (1e22, "1e+22")],
)
def test_a_score_that_is_hard_to_write(value: float, written: str, a_record: Any) -> None:
    """What JSON has no number for is a word, and the sign of zero stays."""
    entry = Entry(seq=1, utc_us=1, monotonic_us=1, body=a_record(1, scores=(value,)))
    assert f'"scores":[{written}]' in form(entry).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + " ",
        lambda text: text.replace(":", ": ", 1),
        lambda text: json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
        lambda text: text.replace('"seq":7', '"seq":7.0'),
        lambda text: text.replace('"seq":7', '"seq":"7"'),
        lambda text: text.replace('"schema_version":1', '"schema_version":2'),
        lambda text: text.replace('"utc_us":1', '"utc_us":1,"x":1'),
        lambda text: text.replace('"utc_us":1', '"utc_us":1,"utc_us":1'),
        lambda text: text.replace('"stop"', '"\\u0073top"'),
        lambda text: text[:-1],
        lambda text: "[" * 100_000,
        lambda text: "",
    ],
)
def test_the_same_in_other_bytes_is_refused(change: Any) -> None:
    """White space, another order, another spelling, an unknown or doubled key, another version: none is read."""
    written = form(Entry(seq=7, utc_us=1, monotonic_us=2, body=Event(kind=EventKind.STOP))).decode()
    parse(written.encode())
    with pytest.raises(NotCanonical):
        parse(change(written).encode())
