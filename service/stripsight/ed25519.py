"""Ed25519 keys in files, and what they sign: the record's checkpoints, and bundles."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as PublicKey

from stripsight.errors import StripsightError

__all__ = ["PrivateKey", "PublicKey", "holds", "load_private", "load_public", "make", "write_public"]

_MODE = 0o600


def make(private: Path, public: Path) -> PrivateKey:
    """Make a key and write its two files. Raises FileExistsError rather than replace a file."""
    for path in (private, public):
        if path.exists():
            raise FileExistsError(f"{path} is there already")
    key = PrivateKey.generate()
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(private, secret, _MODE)
    write_public(public, key)
    return key


def write_public(path: Path, key: PrivateKey) -> None:
    """Write the public half of a key."""
    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    _write(path, key.public_key().public_bytes(pem, form), 0o644)


def load_private(path: Path, what: str, refused: type[StripsightError]) -> PrivateKey:
    """Read a private key. Raises `refused`, naming `what`, when it is missing, open to others, or no Ed25519 key."""
    try:
        mode = path.stat().st_mode & 0o777
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refused(f"{path}: expected the private {what}, found: {error}") from error
    if mode & 0o077:
        raise refused(f"{path}: expected a file that only its owner may read ({_MODE:o}), found {mode:o}")
    if not isinstance(key, PrivateKey):
        raise refused(f"{path}: expected an Ed25519 key, found another kind")
    return key


def load_public(path: Path, what: str, refused: type[StripsightError]) -> PublicKey:
    """Read a public key. Raises `refused`, naming `what`, when it is missing or no Ed25519 key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise refused(f"{path}: expected the public {what}, found: {error}") from error
    if not isinstance(key, PublicKey):
        raise refused(f"{path}: expected an Ed25519 key, found another kind")
    return key


def holds(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Tell whether `signature` was made over `data` with `key`'s other half."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _write(path: Path, data: bytes, mode: int) -> None:
    """Have the file there whole or not at all: what a crash or a full disk leaves is a draft, which is no key."""
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
