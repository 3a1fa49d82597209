"""What a target of fuzzing is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Something that reads bytes from outside: it returns, or raises what nobody promised; and bytes to begin with.

    It lets the errors through that its parser documents, and looks at what was read where there is more to see.
    """

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
