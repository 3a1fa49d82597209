"""A directory and a verified Bundle. The only reader and writer of that directory.

    recipe.toml  inspect.onnx  (fuse.onnx)  thresholds.json  (baseline.json)  challenge/  manifest.json  CARD.md
    (manifest.sig)

A bundle holds data only and never changes; its id is the digest of its manifest. Each file is read once, and
what was hashed is what is used. manifest.sig is the signature of manifest.json and no part of what it signs.
"""

from stripsight.bundle.loading import load
from stripsight.bundle.model import Bundle, Manifest
from stripsight.bundle.trust import SIGNATURE, Trust, make_keys, sign
from stripsight.bundle.writing import write
from stripsight.challenge import ChallengeStrip

__all__ = ["SIGNATURE", "Bundle", "ChallengeStrip", "Manifest", "Trust", "load", "make_keys", "sign", "write"]
