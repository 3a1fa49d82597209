"""The inspection of one bundle's product: begins strips, and remembers the frames of past ones."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from stripsight.bundle import Bundle
from stripsight.checks import RecentFrames
from stripsight.engine import Engine, Inference
from stripsight.errors import ProductMismatch, SlotTooShort
from stripsight.frame import Frame, check_indices
from stripsight.patches import crop_frame
from stripsight.recipe import Recipe
from stripsight.steps import StripSteps
from stripsight.strip import Inspection, StripHeader, StripRequest
from stripsight.timing import Clock


def check_product(found: str, recipe: Recipe) -> None:
    """Raise ProductMismatch unless `found` is the recipe's product."""
    expected = recipe.product.name
    if found != expected:
        shown = ascii(found[:64])
        raise ProductMismatch(
            f"product: expected {expected!r}, found {shown}", field="product", expected=expected, found=shown
        )


class Inspector:
    """Inspects strips of one bundle's product. One caller at a time, though strips may overlap."""

    def __init__(
        self, bundle: Bundle, engine: Engine, clock: Clock = time.monotonic, recent: RecentFrames | None = None
    ) -> None:
        """`engine` runs the bundle's graphs; `clock` is the one that deadlines are given in.

        `recent` are the frames of past strips, where another bundle has judged before.
        """
        self._bundle = bundle
        self._engine = engine
        self._clock = clock
        self.recent = recent or RecentFrames()
        self._threads = ThreadPoolExecutor(len(bundle.recipe.frame.indices), thread_name_prefix="frame")

    def begin(self, header: StripHeader) -> StripSteps:
        """Begin a strip whose frames come one by one. Raises ProductMismatch."""
        if header.product:
            check_product(header.product, self._bundle.recipe)
        return StripSteps(header, self._bundle, self._engine, self.recent, threads=self._threads, clock=self._clock)

    def infer(self, frames: Sequence[Frame], beside: Callable[[Callable[[], Inference]], Inference]) -> Inference:
        """Infer a past strip again by its frames, in the recipe's order.

        `beside` runs each piece of work, at most a frame's inference, in the lane. Raises what it and the engine raise.
        """
        patches = [crop_frame(frame, self._bundle.recipe) for frame in frames]
        inferred = [beside(partial(self._engine.infer_frame, batch)) for batch in patches]
        return beside(partial(self._engine.fuse, inferred))

    def inspect(self, request: StripRequest, deadline: float) -> Inspection:
        """Inspect one strip by `deadline`, a time of the clock; from then on it is a REJECT with cause LATE.

        Raises SlotTooShort when the deadline has passed already, an InvalidRequest for what is wrong with the
        call, and EngineError when the engine fails: then stop serving.
        """
        steps = self.begin(request)
        over_s = self._clock() - deadline
        if over_s >= 0:
            raise SlotTooShort("expected time before the deadline, found none", over_s=over_s)
        check_indices([frame.index for frame in request.frames], self._bundle.recipe)
        steps.decode([(frame, f"frames[{position}]") for position, frame in enumerate(request.frames)])
        return steps.finish(deadline)
