"""Bytes that nobody should send: random ones, and right ones with a few places changed. For hypothesis."""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

NASTY = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"-1",
    b"0",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"{}",
    b"[[]]",
    b'"\\ud800"',
    b"9" * 5000,
    b"0x" + b"f" * 5000,
    b"[" * 5000,
    b'{"a":' * 5000,
    b"\xff" * 9 + b"\x01",
)
"""What parsers trip over: numbers beyond any size, nesting without an end, halves of characters, no value at all."""


_VALUE = re.compile(rb"(?<=[=:\[,] )[^\n,\]}]+")  # in TOML and JSON as people and json.dumps write them


def hostile(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Draw random bytes, or one of `seeds` with one to four places, or values, replaced by something short or nasty."""
    random = st.binary(max_size=300)
    if not seeds:
        return random
    new = st.one_of(st.sampled_from(NASTY), st.binary(max_size=8))
    change = st.tuples(st.floats(0, 1), st.integers(0, 12), st.booleans(), new)
    changed = st.builds(_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=4))
    return st.one_of(changed, changed, random)


def _changed(seed: bytes, changes: list[tuple[float, int, bool, bytes]]) -> bytes:
    """Replace, at each place (a share of the length), so many bytes, or the value there, by others."""
    data = seed
    for share, length, whole, new in changes:
        place = round(share * len(data))
        value = _VALUE.search(data, place) if whole else None
        start, end = value.span() if value else (place, place + length)
        data = data[:start] + new + data[end:]
    return data
