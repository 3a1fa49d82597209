"""The files of the key that signs checkpoints: signing.key for the service alone, signing.pub for whoever verifies."""

from pathlib import Path

from stripsight import ed25519
from stripsight.errors import RecordError

PRIVATE, PUBLIC = "signing.key", "signing.pub"
_WHAT = "key of the checkpoints"


def make_key(folder: Path) -> ed25519.PrivateKey:
    """Make a key and write its two files. Raises FileExistsError rather than replace a key."""
    return ed25519.make(folder / PRIVATE, folder / PUBLIC)


def load_key(folder: Path) -> ed25519.PrivateKey:
    """Read the key, and write its public half where a crash has kept that from being written.

    Raises RecordError when it is missing, open to others, or no Ed25519 key, and OSError.
    """
    key = ed25519.load_private(folder / PRIVATE, _WHAT, RecordError)
    if not (folder / PUBLIC).exists():
        ed25519.write_public(folder / PUBLIC, key)
    return key


def load_public(path: Path) -> ed25519.PublicKey:
    """Read a public key. Raises RecordError when it is missing or no Ed25519 key."""
    return ed25519.load_public(path, _WHAT, RecordError)
