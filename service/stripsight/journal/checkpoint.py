"""Checkpoints: an Ed25519 signature over a place in the chain. Without the key nobody can write the past anew. Pure."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stripsight.journal.chain import Link

Facts = Mapping[str, str | int | float]


def signed(key: Ed25519PrivateKey, journal_id: str, link: Link) -> dict[str, str | int | float]:
    """Return the facts of a checkpoint event: the place, its hash and the signature, both in hex."""
    signature = key.sign(_message(journal_id, link))
    return {"seq": link.seq, "hash": link.hash.hex(), "signature": signature.hex()}


def holds(key: Ed25519PublicKey, journal_id: str, facts: Facts, link: Link) -> bool:
    """Tell whether `facts` are a checkpoint of exactly `link`, signed with `key`'s other half."""
    if (facts.get("seq"), facts.get("hash")) != (link.seq, link.hash.hex()):
        return False
    try:
        key.verify(bytes.fromhex(str(facts.get("signature"))), _message(journal_id, link))
    except (InvalidSignature, ValueError):
        return False
    return True


def _message(journal_id: str, link: Link) -> bytes:
    return b"stripsight checkpoint 1\n%s\n%d\n%s" % (journal_id.encode(), link.seq, link.hash.hex().encode())
