"""Pictures in a real directory: whole or not at all, within limits of age and bytes."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stripsight.frame import FrameData
from stripsight.pictures.folder import PictureFolder
from stripsight.pictures.form import encoded
from stripsight.pictures.store import Limits, PictureStore

DAY_S = 86_400.0
NOW = 1_800_000_000.0
DIGESTS = [f"a{number}" * 32 for number in range(10)]


class Clock:
    """The wall clock, moved by the test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """It stands at NOW."""
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    """A folder that is not there yet."""
    return PictureFolder(tmp_path / "pictures")


def files(folder: PictureFolder) -> list[str]:
    """Every file below the folder."""
    return sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())


def test_a_picture_is_found_by_the_digest(folder: PictureFolder, as_sent: Callable[..., FrameData]) -> None:
    """Under its first two digits; nothing else is, whatever the name, nor what is not that frame's picture."""
    frame = as_sent(0, np.arange(48, dtype=np.uint8).reshape(6, 8))
    digest = hashlib.sha256(frame.data).hexdigest()
    png = b"".join(encoded(frame))
    assert not folder.has(digest)
    assert folder.write(digest, [png[:50], png[50:]]) == len(png)
    assert files(folder) == [f"{digest[:2]}/{digest}.png"]
    assert (folder.has(digest), folder.read(digest), folder.frame(0, digest)) == (True, png, frame)
    (folder.path / "secret.png").write_bytes(png)
    for name in (DIGESTS[2], "../secret", "", digest.upper(), f"{digest}\n"):
        assert (folder.has(name), folder.read(name), folder.frame(0, name)) == (False, None, None)
    folder.write(DIGESTS[2], [png])
    assert (folder.read(DIGESTS[2]), folder.frame(0, DIGESTS[2])) == (None, None)


def test_a_picture_that_cannot_be_finished_is_not_there(folder: PictureFolder) -> None:
    """Nor is what had been written of it."""

    def broken() -> Iterator[bytes]:
        yield b"half a picture"
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        folder.write(DIGESTS[1], broken())
    assert files(folder) == []


def test_what_a_killed_service_left_is_removed(folder: PictureFolder) -> None:
    """A draft, when the next one begins; pictures stay."""
    folder.write(DIGESTS[1], [b"whole"])
    draft = []

    def looking() -> Iterator[bytes]:
        yield b"half"
        assert not folder.has(DIGESTS[2])
        draft.extend(set(files(folder)) - {f"a1/{DIGESTS[1]}.png"})

    folder.write(DIGESTS[2], looking())
    (folder.path / draft[0]).write_bytes(b"half")
    folder.remove(DIGESTS[2])
    store = PictureStore(folder, Limits(1e6, 100))
    assert (files(folder), store.bytes) == ([f"a1/{DIGESTS[1]}.png"], 5)


def test_the_oldest_go_when_all_are_too_large(folder: PictureFolder, clock: Clock) -> None:
    """As many as must; one that is kept again counts as new."""
    store = PictureStore(folder, Limits(days=1e6, bytes=30), clock)
    for digest in (*DIGESTS[:3], DIGESTS[0]):
        clock.now += 1
        store.keep(digest, [b"0123456789"])
    assert store.bytes == 30
    clock.now += 1
    assert store.keep(DIGESTS[3], [b"01234"])
    assert files(folder) == [f"{digest[:2]}/{digest}.png" for digest in (DIGESTS[0], DIGESTS[2], DIGESTS[3])]
    assert store.bytes == 25


def test_pictures_go_when_they_are_too_old(folder: PictureFolder, clock: Clock) -> None:
    """Also while none come."""
    store = PictureStore(folder, Limits(days=2, bytes=1000), clock)
    store.keep(DIGESTS[0], [b"old"])
    clock.now += DAY_S
    store.keep(DIGESTS[1], [b"young"])
    clock.now += DAY_S
    store.trim()
    assert folder.has(DIGESTS[0])
    clock.now += 1
    store.trim()
    assert (folder.has(DIGESTS[0]), folder.has(DIGESTS[1]), store.bytes) == (False, True, 5)


def test_the_next_service_goes_on_with_the_ages(folder: PictureFolder, clock: Clock) -> None:
    """What lies there is oldest first, by when it was kept, not by name."""
    first = PictureStore(folder, Limits(days=10, bytes=1000), clock)
    for digest in (DIGESTS[5], DIGESTS[1], DIGESTS[3]):
        first.keep(digest, [b"0123456789"])
        clock.now += DAY_S
    second = PictureStore(folder, Limits(days=10, bytes=25), clock)
    second.trim()
    assert [folder.has(digest) for digest in (DIGESTS[5], DIGESTS[1], DIGESTS[3])] == [False, True, True]


def test_a_picture_is_written_once(folder: PictureFolder, clock: Clock) -> None:
    """The same frame again costs nothing, unless somebody has removed its picture."""
    store = PictureStore(folder, Limits(days=10, bytes=1000), clock)
    assert store.keep(DIGESTS[0], [b"picture"])
    assert not store.keep(DIGESTS[0], [b"never read"])
    assert files(folder) == [f"a0/{DIGESTS[0]}.png"]
    folder.remove(DIGESTS[0])
    assert store.keep(DIGESTS[0], [b"again"])
    assert (folder.has(DIGESTS[0]), store.bytes) == (True, 5)
