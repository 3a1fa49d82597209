"""The one byte form of an entry, which is what is hashed and kept.

Version 1: JSON (RFC 8259) in ASCII, keys sorted, no white space, every field present. Characters outside ASCII are
\\u escapes in lower case. Whole numbers are digits; every other number is the shortest decimal that gives the same
float64 back, with a point or an exponent; what is not finite is the word "NaN", "Infinity" or "-Infinity". So two
entries have the same bytes if and only if they are equal, floats compared by their bits (and one NaN for all).
"""

import json

from pydantic import ValidationError

from stripsight.journal.record import Entry


class NotCanonical(ValueError):
    """Bytes that are not the form of an entry; the message says what was found."""


def form(entry: Entry) -> bytes:
    """Write an entry."""
    content = entry.model_dump(mode="json")
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def parse(data: bytes) -> Entry:
    """Read an entry. Raises NotCanonical for anything that `form` would not have written."""
    try:
        entry = Entry.model_validate(json.loads(data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotCanonical(f"{place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from None
    if form(entry) != data:
        raise NotCanonical("not in the one form that this version writes")
    return entry
