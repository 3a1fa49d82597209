"""The chain and its checkpoints: sums worked out by hand, and signatures over one place only."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stripsight.errors import RecordError
from stripsight.journal import keys
from stripsight.journal.chain import Link, genesis, linked
from stripsight.journal.checkpoint import holds, signed


def test_a_hash_is_the_sha256_of_the_one_before_and_the_form() -> None:
    """H(prev || form), from a beginning that holds the journal's id."""
    begin = hashlib.sha256(b"stripsight journal 1\nJ").digest()
    assert genesis("J") == (0, begin)
    first = hashlib.sha256(begin + b"one").digest()
    assert linked(genesis("J"), b"one") == (1, first)
    assert linked(Link(1, first), b"two") == (2, hashlib.sha256(first + b"two").digest())


def test_two_journals_share_no_hash() -> None:
    """The same records in another journal have other hashes."""
    assert linked(genesis("J"), b"one").hash != linked(genesis("K"), b"one").hash


LINK = Link(5, bytes(range(32)))


@pytest.mark.parametrize(
    "changed",
    [
        {"journal_id": "K"},
        {"link": Link(6, LINK.hash)},
        {"link": Link(5, bytes(32))},
        {"facts": {"seq": 6}},
        {"facts": {"hash": "00" * 32}},
        {"facts": {"signature": "00" * 64}},
        {"facts": {"signature": "none"}},
        {"key": Ed25519PrivateKey.generate().public_key()},
    ],
)
def test_a_checkpoint_holds_for_one_place_of_one_journal_by_one_key(changed: dict[str, Any]) -> None:
    """As it was signed it holds; with any one thing changed it does not."""
    key = Ed25519PrivateKey.generate()
    facts = signed(key, "J", LINK)
    usual: dict[str, Any] = {"key": key.public_key(), "journal_id": "J", "facts": facts, "link": LINK}
    assert holds(**usual)
    given = {**facts, **changed["facts"]} if "facts" in changed else facts
    assert not holds(**(usual | changed | {"facts": given}))


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    """The file is made with 0600, is never replaced, is refused once others may read it; the public one fits."""
    key = keys.make_key(tmp_path)
    private = tmp_path / keys.PRIVATE
    assert private.stat().st_mode & 0o777 == 0o600
    facts = signed(keys.load_key(tmp_path), "J", LINK)
    assert holds(keys.load_public(tmp_path / keys.PUBLIC), "J", facts, LINK)
    assert holds(key.public_key(), "J", facts, LINK)
    with pytest.raises(FileExistsError):
        keys.make_key(tmp_path)
    private.chmod(0o640)
    with pytest.raises(RecordError, match="expected a file that only its owner may read"):
        keys.load_key(tmp_path)


def test_a_crash_between_the_keys_two_files_costs_neither(tmp_path: Path) -> None:
    """The public half is written at the next start, and a draft that a crash left is in nobody's way."""
    keys.make_key(tmp_path)
    public = (tmp_path / keys.PUBLIC).read_bytes()
    (tmp_path / keys.PUBLIC).rename(tmp_path / f"{keys.PUBLIC}.new")
    keys.load_key(tmp_path)
    assert (tmp_path / keys.PUBLIC).read_bytes() == public
    assert {path.name for path in tmp_path.iterdir()} == {keys.PRIVATE, keys.PUBLIC}


@pytest.mark.parametrize("content", [None, b"", b"no key"])
def test_a_key_that_is_none_is_refused(content: bytes | None, tmp_path: Path) -> None:
    """Missing, empty or something else: the message names the file."""
    for name, load in (
        (keys.PRIVATE, lambda: keys.load_key(tmp_path)),
        (keys.PUBLIC, lambda: keys.load_public(tmp_path / keys.PUBLIC)),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordError, match=name):
            load()
