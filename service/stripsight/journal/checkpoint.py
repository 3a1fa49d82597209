"""Checkpoints: an Ed25519 signature over a place in the chain. Without the key nobody can write the past anew. Pure."""

from collections.abc import Mapping

from stripsight import ed25519
from stripsight.journal.chain import Link

Facts = Mapping[str, str | int | float]


def signed(key: ed25519.PrivateKey, journal_id: str, link: Link) -> dict[str, str | int | float]:
    """Return the facts of a checkpoint event: the place, its hash and the signature, both in hex."""
    signature = key.sign(_message(journal_id, link))
    return {"seq": link.seq, "hash": link.hash.hex(), "signature": signature.hex()}


def holds(key: ed25519.PublicKey, journal_id: str, facts: Facts, link: Link) -> bool:
    """Tell whether `facts` are a checkpoint of exactly `link`, signed with `key`'s other half."""
    if (facts.get("seq"), facts.get("hash")) != (link.seq, link.hash.hex()):
        return False
    try:
        signature = bytes.fromhex(str(facts.get("signature")))
    except ValueError:
        return False
    return ed25519.holds(key, signature, _message(journal_id, link))


def _message(journal_id: str, link: Link) -> bytes:
    return b"stripsight checkpoint 1\n%s\n%d\n%s" % (journal_id.encode(), link.seq, link.hash.hex().encode())
