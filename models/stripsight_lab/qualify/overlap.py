"""Is anything in two of the parts training, tuning, test? By ids, by seeds, and by what the pictures show."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

SHOWN = 20
"""Findings that are kept with their names; all are counted."""


@dataclass(frozen=True)
class Shared:
    """One thing and the two parts it is in."""

    thing: str
    parts: tuple[str, str]


@dataclass(frozen=True)
class Overlap:
    """What was compared, how many of them each part gave, and what two parts share."""

    what: str
    counts: dict[str, int]
    shared: int
    examples: tuple[Shared, ...]

    @property
    def passed(self) -> bool:
        """Whether every part gave something to compare and none shares anything with another."""
        return self.shared == 0 and all(self.counts.values()) and len(self.counts) > 1


def find_overlap(what: str, parts: Mapping[str, Iterable[Hashable]]) -> Overlap:
    """Compare the parts with each other; the same thing twice in one part is no overlap.

    Give the largest part last: it is only passed through, and the others are kept in memory (with digests by
    `dataset.digest`, about 100 bytes a picture). `what` names the things in the plural: "units", "patches".
    """
    owner: dict[Hashable, str] = {}
    counts: Counter[str] = Counter({name: 0 for name in parts})
    found: dict[Hashable, Shared] = {}
    last = list(parts)[-1] if parts else ""
    for name, things in parts.items():
        for thing in things:
            counts[name] += 1
            where = owner.get(thing, name) if name == last else owner.setdefault(thing, name)
            if where != name:
                found.setdefault(thing, Shared(_text(thing), (where, name)))
    return Overlap(what, dict(counts), len(found), tuple(found.values())[:SHOWN])


def _text(thing: Hashable) -> str:
    return thing.hex() if isinstance(thing, bytes) else str(thing)
