"""The files of the key that signs checkpoints: signing.key for the service alone, signing.pub for whoever verifies."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stripsight.errors import RecordError

PRIVATE, PUBLIC = "signing.key", "signing.pub"
_MODE = 0o600


def make_key(folder: Path) -> Ed25519PrivateKey:
    """Make a key and write its two files. Raises FileExistsError rather than replace a key."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / PRIVATE, private, _MODE)
    _write(folder / PUBLIC, public, 0o644)
    return key


def load_key(folder: Path) -> Ed25519PrivateKey:
    """Read the key. Raises RecordError when it is missing, open to others, or no Ed25519 key."""
    path = folder / PRIVATE
    try:
        mode = path.stat().st_mode & 0o777
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(f"{path}: expected the key that signs checkpoints, found: {error}") from error
    if mode & 0o077:
        raise RecordError(f"{path}: expected a file that only its owner may read ({_MODE:o}), found {mode:o}")
    if not isinstance(key, Ed25519PrivateKey):
        raise RecordError(f"{path}: expected an Ed25519 key, found another kind")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """Read a public key. Raises RecordError when it is missing or no Ed25519 key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: expected the public key of the checkpoints, found: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RecordError(f"{path}: expected an Ed25519 key, found another kind")
    return key


def _write(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
