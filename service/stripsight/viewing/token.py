"""Page tokens: where the next page begins, sealed together with the filters it belongs to. Pure."""

import base64
import binascii
import hashlib

from stripsight.errors import PageTokenInvalid
from stripsight.journal.wanted import Wanted

_PLACE_BYTES = 8
_SEAL_BYTES = 16


def token_of(before: int, wanted: Wanted, journal_id: str) -> str:
    """Return the token of the page of `wanted` records with numbers below `before`, in one journal."""
    place = before.to_bytes(_PLACE_BYTES, "big")
    return base64.urlsafe_b64encode(place + _seal(place, wanted, journal_id)).decode()


def place_of(token: str, wanted: Wanted, journal_id: str) -> int:
    """Return the number that a token holds. Raises PageTokenInvalid for one of other filters, or of none."""
    try:
        data = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    place, seal = data[:_PLACE_BYTES], data[_PLACE_BYTES:]
    if seal != _seal(place, wanted, journal_id):
        raise PageTokenInvalid(
            "page_token: expected one that this service gave with these filters, found another", field="page_token"
        )
    return int.from_bytes(place, "big")


def _seal(place: bytes, wanted: Wanted, journal_id: str) -> bytes:
    return hashlib.sha256(f"{journal_id} {wanted!r} {place.hex()}".encode()).digest()[:_SEAL_BYTES]
