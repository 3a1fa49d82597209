"""Passwords as they are kept: by scrypt, each with a salt of its own."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

from stripsight.errors import LoginError

LENGTH_MIN, LENGTH_MAX = 10, 200

# 32 MiB and some tenths of a second for each guess.
_COST, _BLOCK, _PARALLEL = 2**15, 8, 1
_MEMORY = 64 << 20
_SALT_BYTES, _HASH_BYTES = 16, 32
_NAME = "scrypt"


def hashed(password: str) -> str:
    """Return a password as it is kept. Raises LoginError when it is shorter than 10 or longer than 200 characters."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise LoginError(f"expected a password of {LENGTH_MIN} to {LENGTH_MAX} characters, found {len(password)}")
    salt = secrets.token_bytes(_SALT_BYTES)
    parts = (_NAME, str(_COST), str(_BLOCK), str(_PARALLEL), _text(salt), _text(_scrypt(password, salt)))
    return "$".join(parts)


def is_kept(kept: str) -> bool:
    """Tell whether a text is a password as this module keeps it."""
    parts = kept.split("$")
    return len(parts) == 6 and parts[:4] == [_NAME, str(_COST), str(_BLOCK), str(_PARALLEL)]


def matches(password: str, kept: str) -> bool:
    """Tell whether a password is the one that is kept. Takes the same time whatever it is."""
    *_, salt, found = kept.split("$")
    return hmac.compare_digest(_scrypt(password[:LENGTH_MAX], base64.b64decode(salt)), base64.b64decode(found))


def _scrypt(password: str, salt: bytes) -> bytes:
    # Keyboards differ in how they put accents together.
    data = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=_MEMORY, dklen=_HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
