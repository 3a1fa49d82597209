"""The files of a bundle on the disk: read each once and follow no link; written, they stay."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from stripsight.errors import BundleNotFound, BundlePathError


def read_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Read every file below `root`, by its path there. What is no plain file or directory is refused.

    Raises BundleNotFound or BundlePathError.
    """
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError as error:
        found = error.strerror or str(error)
        raise BundleNotFound(f"{root}: expected a readable directory, found: {found}", path=str(root)) from None
    for entry in entries:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from ((f"{entry.name}/{name}", data) for name, data in read_files(Path(entry.path)))
        elif stat.S_ISREG(mode):
            yield entry.name, read_file(Path(entry.path))
        else:
            raise bad_path(entry.path, "a plain file", "a link or special file")


def read_file(path: Path) -> bytes:
    """Read one file. Raises BundlePathError for a link, and for what cannot be read."""
    try:
        # Not through a link that took the file's place since it was looked at.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()
    except OSError as error:
        raise bad_path(str(path), "a readable file", error.strerror or str(error)) from None


def bad_path(path: str, expected: str, found: str) -> BundlePathError:
    """Return the error of a path that is not as it should be."""
    return BundlePathError(f"{path}: expected {expected}, found {found}", file=path, expected=expected, found=found)


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `root`, for everybody to read, and have them on disk."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)
    for directory in (root, *(path for path in root.rglob("*") if path.is_dir())):
        directory.chmod(0o755)  # the service reads it as another user; a temporary directory is private
        sync_directory(directory)


def write_file(path: Path, data: bytes) -> None:
    """Write one file and have its bytes on disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Have the names in a directory on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
