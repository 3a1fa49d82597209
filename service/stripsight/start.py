"""From a bundle to an engine that has proved itself on the bundle's challenge set."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from stripsight.bundle import Bundle
from stripsight.engine import Engine, ProviderChoice
from stripsight.errors import ChallengeError
from stripsight.frame import decode_strip
from stripsight.patches import crop
from stripsight.recipe import PixelFormat
from stripsight.verdict import judge

E = TypeVar("E", bound=Engine)


def start_engine(
    bundle: Bundle, *, provider: ProviderChoice = "cpu", threads: int = 0, kind: type[E] | None = None
) -> Engine:
    """Start an engine, one of `kind` if given, on the graphs of a bundle. Raises ProviderError or EngineError."""
    return (kind or Engine)(
        bundle.graph,
        fuse=bundle.fuse,
        provider=provider,
        threads=threads,
        patch_size=bundle.recipe.patch.size_px,
        patches_per_frame=bundle.recipe.patches_per_frame,
    )


@dataclass(frozen=True)
class ChallengeResult:
    """How well an engine reproduces a bundle's challenge set. `tolerance` is that of the bundle."""

    strips: int
    max_score_error: float
    tolerance: float


def challenge(engine: Engine, bundle: Bundle) -> ChallengeResult:
    """Score the bundle's challenge set on `engine`; the image checks have no part in it.

    Raises ChallengeError when a score is off by more than the bundle's tolerance or a verdict differs.
    """
    # A machine that sends no PNG still has its challenge set in PNG.
    frame = bundle.recipe.frame.model_copy(update={"pixel_formats": (PixelFormat.PNG,)})
    recipe = bundle.recipe.model_copy(update={"frame": frame})
    largest = 0.0
    for strip in bundle.challenge:
        scores = engine.infer(crop(decode_strip(strip.frames, recipe), recipe)).scores
        error = float(np.abs(scores - strip.scores).max())
        if not error <= bundle.tolerance:  # asked so that NaN fails
            raise _failed(strip.name, f"scores within {bundle.tolerance:g}", f"an error of {error:.6f}")
        verdict = judge(scores, bundle.thresholds, recipe).verdict
        if verdict is not strip.verdict:
            raise _failed(strip.name, str(strip.verdict), str(verdict))
        largest = max(largest, error)
    return ChallengeResult(len(bundle.challenge), largest, bundle.tolerance)


def _failed(strip: str, expected: str, found: str) -> ChallengeError:
    return ChallengeError(
        f"challenge strip {strip}: expected {expected}, found {found}",
        strip=strip,
        expected=expected,
        found=found,
    )
