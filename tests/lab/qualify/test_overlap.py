"""Is anything in two kits?"""

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from stripsight_lab.dataset.digest import picture_digest, picture_digests
from stripsight_lab.qualify.overlap import SHOWN, find_overlap


def pictures(seed: int, count: int = 5) -> np.ndarray:
    """Different pictures, uint8 [count, 8, 8]."""
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8), np.uint8)


def test_kits_that_share_nothing_pass() -> None:
    """What repeats within a part is no overlap."""
    found = find_overlap("units", {"tuning": ["a", "a"], "test": ["b"], "training": ["c", "c", "d"]})
    assert found.passed
    assert found.counts == {"tuning": 2, "test": 1, "training": 3}


@pytest.mark.parametrize(("first", "second"), [("tuning", "test"), ("tuning", "training"), ("test", "training")])
def test_a_planted_picture_is_found(first: str, second: str) -> None:
    """One picture of 15 is in two parts, whichever they are: found, counted once, and both parts are named."""
    parts = {name: pictures(seed) for seed, name in enumerate(("tuning", "test", "training"))}
    parts[second] = np.concatenate([parts[second], parts[first][2:3], parts[first][2:3]])
    found = find_overlap("patches", {name: picture_digests(part) for name, part in parts.items()})
    assert not found.passed
    assert found.shared == 1
    assert found.examples[0].parts == (first, second)
    assert found.examples[0].thing == picture_digest(parts[first][2]).hex()


def test_all_are_counted_and_some_are_named() -> None:
    """A kit that is the other one does not fill the report."""
    found = find_overlap("seeds", {"tuning": range(100), "test": range(100)})
    assert found.shared == 100
    assert len(found.examples) == SHOWN


class Thing:
    """Something that knows whether anybody still keeps it."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and self.number == other.number

    def __hash__(self) -> int:
        return self.number


def test_the_last_part_is_not_kept() -> None:
    """Two million training patches pass through: when the third comes, the first is gone."""
    kept: list[int] = []

    def training() -> Iterator[Thing]:
        passed: list[weakref.ref[Thing]] = []
        for number in range(6):
            kept.append(sum(each() is not None for each in passed))
            thing = Thing(number)
            passed.append(weakref.ref(thing))
            yield thing
            del thing

    found = find_overlap("patches", {"test": [Thing(5)], "training": training()})
    assert max(kept) == 1
    assert found.shared == 1


@pytest.mark.parametrize("parts", [{"tuning": ["a"], "test": []}, {"tuning": ["a"]}, {}])
def test_nothing_to_compare_is_no_pass(parts: dict[str, list[str]]) -> None:
    """An empty part proves nothing."""
    assert not find_overlap("units", parts).passed


def test_digests_depend_on_every_pixel_and_on_the_size() -> None:
    """One grey level apart is another picture, and so is the same row of pixels in another shape."""
    picture = pictures(1, 1)[0]
    other = picture.copy()
    other[3, 3] ^= 1
    assert picture_digest(picture) != picture_digest(other)
    assert picture_digest(picture) != picture_digest(picture.reshape(4, 16))
    assert picture_digest(picture) == picture_digest(np.asfortranarray(picture))
