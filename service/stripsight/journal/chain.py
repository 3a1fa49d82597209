"""The hash chain: each record's hash covers its bytes and the hash before it, and so all that came before. Pure."""

import hashlib
from typing import NamedTuple

HASH_BYTES = 32


class Link(NamedTuple):
    """A place in the chain: the record's number, and its SHA-256 (32 bytes)."""

    seq: int
    hash: bytes


def genesis(journal_id: str) -> Link:
    """Return the place before the first record. It differs from journal to journal."""
    return Link(0, hashlib.sha256(b"stripsight journal 1\n" + journal_id.encode()).digest())


def linked(before: Link, form: bytes) -> Link:
    """Return the place of the record with the canonical bytes `form` that follows `before`."""
    return Link(before.seq + 1, hashlib.sha256(before.hash + form).digest())
