"""Whose bundles are served: an Ed25519 signature of manifest.json, which lists the digest of every other file."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from stripsight import ed25519
from stripsight.bundle.files import sync_directory, write_file
from stripsight.bundle.model import MANIFEST
from stripsight.errors import BundleKeyError, BundleNotFound, BundleSignatureError, BundleUnsigned

SIGNATURE = "manifest.sig"
_WHAT = "key of bundles"


@dataclass(frozen=True)
class Trust:
    """The public keys that may sign bundles. In development mode a bundle is taken whoever signed it, or nobody."""

    keys: tuple[ed25519.PublicKey, ...] = ()
    development: bool = False

    @classmethod
    def of(cls, keys: Path | None, *, development: bool = False) -> Self:
        """Read the keys: `keys` is a file, or a directory whose *.pub are read. Raises BundleKeyError."""
        if keys is None:
            return cls(development=development)
        files = sorted(keys.glob("*.pub")) if keys.is_dir() else [keys]
        if not files:
            raise BundleKeyError(f"{keys}: expected public keys, *.pub, found none", path=str(keys))
        return cls(tuple(ed25519.load_public(file, _WHAT, BundleKeyError) for file in files), development)

    def check(self, manifest: bytes, signature: bytes | None) -> bool:
        """Tell whether one of the keys has signed the manifest. False in development mode only.

        Raises BundleUnsigned, BundleSignatureError, or BundleKeyError when there are no keys.
        """
        if signature is not None and any(ed25519.holds(key, signature, manifest) for key in self.keys):
            return True
        if self.development:
            return False
        if not self.keys:
            raise BundleKeyError("expected public keys that bundles must be signed with (bundle_keys), found none")
        if signature is None:
            raise BundleUnsigned(f"{SIGNATURE}: expected the signature of {MANIFEST}, found no such file")
        found = f"one that none of the {len(self.keys)} trusted keys has made"
        raise BundleSignatureError(f"{SIGNATURE}: expected a signature of {MANIFEST}, found {found}", found=found)


def make_keys(private: Path, public: Path) -> None:
    """Make a pair of keys and write both files. Raises FileExistsError rather than replace one."""
    ed25519.make(private, public)


def sign(path: Path, private: Path) -> None:
    """Sign the bundle at `path` with the key in the file `private`; a signature that is there is replaced.

    Raises BundleNotFound, or BundleKeyError when the file is no private Ed25519 key of its owner alone.
    """
    key = ed25519.load_private(private, _WHAT, BundleKeyError)
    try:
        manifest = (path / MANIFEST).read_bytes()
    except OSError as error:
        raise BundleNotFound(f"{path}: expected a bundle, found: {error}", path=str(path)) from None
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
    try:
        write_file(draft / SIGNATURE, key.sign(manifest))
        (draft / SIGNATURE).chmod(0o644)
        (draft / SIGNATURE).replace(path / SIGNATURE)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync_directory(path)
