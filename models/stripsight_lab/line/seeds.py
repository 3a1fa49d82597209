"""Random streams that depend on nothing but a purpose and the numbers given."""

import hashlib

import numpy as np


def derive(purpose: str, *numbers: int) -> int:
    """A seed in [0, 2**63) for `purpose` and `numbers`; different arguments give unrelated seeds.

    A digest is used because SeedSequence pads with zeros: its lists [1] and [1, 0] are one and the same seed.
    """
    text = ":".join([purpose, *map(str, numbers)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def stream(purpose: str, *numbers: int) -> np.random.Generator:
    """A generator for `purpose` and `numbers`, the same on every call."""
    return np.random.default_rng(np.random.SeedSequence(derive(purpose, *numbers)))
