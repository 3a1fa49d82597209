"""Whose bundles are taken: those that a trusted key has signed, as they were signed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from stripsight.bundle import SIGNATURE, Bundle, Trust, load, make_keys, sign
from stripsight.errors import BundleError, BundleKeyError, BundleSignatureError, BundleUnsigned


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key, whose public half lies beside it."""
    make_keys(tmp_path / "ours.key", tmp_path / "ours.pub")
    return tmp_path / "ours.key"


@pytest.fixture
def signed(strip_bundle: Bundle, key: Path, tmp_path: Path) -> Path:
    """A signed copy of a sound bundle."""
    folder = Path(shutil.copytree(strip_bundle.path, tmp_path / "signed"))
    sign(folder, key)
    return folder


def test_a_signed_bundle_is_the_same_bundle(strip_bundle: Bundle, signed: Path, key: Path) -> None:
    """Its id is that of its content; whether it is trusted is told of a load that was given keys."""
    trusted = load(signed, Trust.of(key.with_suffix(".pub")))
    assert (trusted.bundle_id, trusted.signature_trusted) == (strip_bundle.bundle_id, True)
    assert not load(signed).signature_trusted
    assert len((signed / SIGNATURE).read_bytes()) == 64


def flipped(path: Path) -> None:
    """Flip one bit."""
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda f: (f / SIGNATURE).unlink(), BundleUnsigned, "found no such file"),
        (lambda f: flipped(f / SIGNATURE), BundleSignatureError, "none of the 1 trusted keys"),
        (lambda f: (f / SIGNATURE).write_bytes(b""), BundleSignatureError, "none of the 1"),
        (lambda f: (f / "manifest.json").write_bytes(b"not even JSON"), BundleSignatureError, "none of the 1"),
        (lambda f: sign(f, f.parent / "theirs.key"), BundleSignatureError, "none of the 1"),
    ],
)
def test_what_no_trusted_key_has_signed(
    change: Callable[[Path], object], error: type[BundleError], words: str, signed: Path, key: Path
) -> None:
    """It is refused before anything in it is parsed; in development mode alone it is taken for what it is."""
    make_keys(signed.parent / "theirs.key", signed.parent / "theirs.pub")
    change(signed)
    trust = Trust.of(key.with_suffix(".pub"))
    with pytest.raises(error, match=words) as refused:
        load(signed, trust)
    assert type(refused.value) is error
    assert not Trust(trust.keys, development=True).check(
        (signed / "manifest.json").read_bytes(),
        (signed / SIGNATURE).read_bytes() if error is not BundleUnsigned else None,
    )


def test_every_key_of_a_folder_is_trusted(signed: Path, key: Path) -> None:
    """One of several will do; a folder without any is a mistake, and so is no key at all."""
    make_keys(key.with_name("theirs.key"), key.with_name("theirs.pub"))
    assert load(signed, Trust.of(key.parent)).signature_trusted
    with pytest.raises(BundleKeyError, match=r"expected public keys, \*.pub, found none"):
        Trust.of(signed)
    with pytest.raises(BundleKeyError, match="bundle_keys"):
        load(signed, Trust())


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_is_none(content: bytes | None, key: Path) -> None:
    """It is named; a missing file is no empty list of keys."""
    public = key.with_suffix(".pub")
    public.unlink()
    if content is not None:
        public.write_bytes(content)
    with pytest.raises(BundleKeyError, match=r"ours.pub: expected the public key of bundles"):
        Trust.of(public)


def test_a_private_key_is_its_owners_alone_and_never_replaced(signed: Path, key: Path) -> None:
    """One that others may read signs nothing; to make one where there is one fails and changes nothing."""
    before = key.read_bytes()
    with pytest.raises(FileExistsError):
        make_keys(key, key.with_name("other.pub"))
    assert key.read_bytes() == before
    assert not key.with_name("other.pub").exists()
    key.chmod(0o644)
    with pytest.raises(BundleKeyError, match="only its owner may read"):
        sign(signed, key)


def test_a_signature_replaces_another_and_leaves_nothing_beside(signed: Path, key: Path) -> None:
    """The bundle holds its files and the new signature, its folder no draft."""
    before = sorted(path.name for path in (*signed.iterdir(), *signed.parent.iterdir()))
    make_keys(key.with_name("theirs.key"), key.with_name("theirs.pub"))
    sign(signed, key.with_name("theirs.key"))
    assert load(signed, Trust.of(key.with_name("theirs.pub"))).signature_trusted
    after = sorted(path.name for path in (*signed.iterdir(), *signed.parent.iterdir()))
    assert after == sorted([*before, "theirs.key", "theirs.pub"])
