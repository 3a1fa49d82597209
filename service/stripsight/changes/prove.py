"""From a bundle to an engine that has proved itself on the line's machine, beside the one that inspects.

Loading, warming up and inference let go of Python's lock: they cost the line some of a core and never its turn. The
challenge runs in the lane while no strip is there. No thread gets a lower priority: one that holds Python's lock and is
given no core would hold up everybody else.
"""

from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

from stripsight.bundle import Bundle
from stripsight.challenge_steps import ChallengeSteps
from stripsight.engine import Engine
from stripsight.errors import Overloaded, ProviderError
from stripsight.start import ChallengeResult, passed

Idle = Callable[[Callable[[], bool]], "Future[bool]"]
"""Has a piece of work run while no strip is there."""

PATIENCE_S = 60.0
"""How long a line may leave no moment free before a change is given up."""


def started(bundle: Bundle, start: Callable[[Bundle], Engine], provider: str) -> Engine:
    """Start and warm up an engine on `bundle`. Raises EngineError, and ProviderError unless it is on `provider`."""
    engine = start(bundle)
    if engine.provider != provider:
        raise ProviderError(
            f"provider: expected {provider} as of the engine that inspects, found {engine.provider}",
            expected=provider,
            found=engine.provider,
        )
    # Not in the lane: the first inference of a GPU may take longer than a slot.
    size, count = bundle.recipe.patch.size_px, bundle.recipe.patches_per_frame
    blank = np.full((count, size, size), 128, np.uint8)
    for _ in range(2):
        engine.fuse([engine.infer_frame(blank) for _ in bundle.recipe.frame.indices])
    return engine


def challenged(bundle: Bundle, engine: Engine, idle: Idle, patience_s: float) -> ChallengeResult:
    """Run the bundle's challenge strips on `engine`, a frame at a time while no strip is there.

    Raises ChallengeError, EngineError, NotReady when the service stops, and Overloaded when there was no such time
    for `patience_s`.
    """
    steps = ChallengeSteps(engine, bundle)
    while _in_time(idle(steps.step), patience_s):
        pass
    return passed(steps, bundle)


def _in_time(piece: "Future[bool]", patience_s: float) -> bool:
    try:
        return piece.result(patience_s)
    except TimeoutError:
        if not piece.cancel():
            return piece.result()  # it runs
        raise Overloaded(f"the line left no moment free for {patience_s:g} s: the bundle is not changed") from None
