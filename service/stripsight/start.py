"""From a bundle to an engine that has proved itself on the bundle's challenge set."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stripsight.bundle import Bundle
from stripsight.challenge_steps import ChallengeSteps
from stripsight.engine import Engine
from stripsight.errors import ChallengeError
from stripsight.providers import ProviderChoice

E = TypeVar("E", bound=Engine)


def start_engine(
    bundle: Bundle,
    *,
    provider: ProviderChoice = "cpu",
    threads: int = 0,
    cache: Path | None = None,
    kind: type[E] | None = None,
) -> Engine:
    """Start an engine, one of `kind` if given, on the graphs of a bundle. Raises ProviderError or EngineError.

    `cache` is where TensorRT keeps what it builds.
    """
    return (kind or Engine)(
        bundle.graph,
        fuse=bundle.fuse,
        provider=provider,
        threads=threads,
        patch_size=bundle.recipe.patch.size_px,
        patches_per_frame=bundle.recipe.patches_per_frame,
        cache=cache,
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
    return passed(challenged(engine, bundle), bundle)


def challenged(engine: Engine, bundle: Bundle) -> ChallengeSteps:
    """Score the bundle's challenge set on `engine`, to the end whatever comes of it."""
    steps = ChallengeSteps(engine, bundle)
    while steps.step():
        pass
    return steps


def passed(steps: ChallengeSteps, bundle: Bundle) -> ChallengeResult:
    """Return what a run came to. Raises ChallengeError for the first strip that was missed."""
    if steps.missed:
        raise ChallengeError(steps.missed[0])
    return ChallengeResult(steps.strips, steps.max_score_error, bundle.tolerance)
