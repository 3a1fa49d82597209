"""Which strips' frames are kept: those of every reject, and of accepts a sample that anybody can work out again."""

import hashlib
from dataclasses import dataclass

from stripsight.strip import Inspection
from stripsight.verdict import Verdict


@dataclass(frozen=True)
class Choice:
    """`sample` is the share of accepted strips that is kept, from 0 to 1; `seed` says which."""

    sample: float
    seed: int

    def wants(self, inspection: Inspection) -> bool:
        """Tell whether this strip's frames are kept: the same answer for the same ids, seed and verdict."""
        return inspection.judgement.verdict is not Verdict.ACCEPT or self._drawn(inspection)

    def _drawn(self, strip: Inspection) -> bool:
        # Ids hold no space, so that no two strips are written alike.
        named = f"{self.seed} {strip.lot_id} {strip.strip_id} {strip.strip_seq}"
        return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8]) < self.sample * 2**64
