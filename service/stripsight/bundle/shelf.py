"""The bundles that a service can find: those in a folder, and the one that it was started with."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from stripsight.bundle.files import read_file
from stripsight.bundle.loading import load
from stripsight.bundle.model import MANIFEST, Bundle
from stripsight.bundle.terms import Terms, terms_of
from stripsight.bundle.trust import Trust
from stripsight.errors import BundleError, BundleUnknown, RecipeError, StripsightError

_Print = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Found:
    """A directory that should hold a bundle.

    `bundle_id` is empty without a manifest. `terms` are None, and `problem` is a sentence, when it does not load.
    """

    path: Path
    bundle_id: str
    terms: Terms | None = None
    signature_trusted: bool = False
    problem: str = ""


class Shelf:
    """Looks anew at each call, so that bundles can be put there while the service runs. Any thread may call."""

    def __init__(self, folder: Path | None, configured: Path, trust: Trust) -> None:
        """`folder` holds a directory for each bundle, `configured` is one of its own."""
        self._folder = folder
        self._configured = configured
        self._trust = trust
        self._known: dict[Path, tuple[_Print, Found]] = {}

    def found(self) -> list[Found]:
        """Return what is there, sound or not. A directory that has not changed is not read again."""
        return [self._found(path) for path in self._paths()]

    def load(self, bundle_id: str) -> Bundle:
        """Load and verify a bundle by its id. Raises BundleUnknown, and what `load` raises."""
        for path in self._paths():
            if _id_of(path) == bundle_id:
                bundle = load(path, self._trust)
                if bundle.bundle_id == bundle_id:
                    return bundle
        raise BundleUnknown(f"expected the id of a bundle that is there, found {bundle_id}", found=bundle_id)

    def _paths(self) -> list[Path]:
        folder = self._folder
        inside = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
        # A name with a dot is a draft that is still written.
        paths = [self._configured, *(path for path in inside if path.is_dir() and not path.name.startswith("."))]
        return list(dict.fromkeys(path.resolve() for path in paths))

    def _found(self, path: Path) -> Found:
        looks = _print_of(path)
        known = self._known.get(path)
        if known is None or known[0] != looks:
            known = self._known[path] = looks, self._read(path)
        return known[1]

    def _read(self, path: Path) -> Found:
        try:
            bundle = load(path, self._trust)
        except (BundleError, RecipeError) as error:
            return Found(path, _id_of(path), problem=f"{path.name}: {error.reason}: {error.message}")
        return Found(path, bundle.bundle_id, terms_of(bundle), bundle.signature_trusted)


def _id_of(path: Path) -> str:
    try:
        return hashlib.sha256(read_file(path / MANIFEST)).hexdigest()
    except StripsightError:
        return ""


def _print_of(path: Path) -> _Print:
    """Return what tells one state of a directory's files from another."""
    stats = ((str(file), file.lstat()) for file in sorted(path.rglob("*")))
    return tuple((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
