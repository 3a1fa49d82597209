"""The challenge strips of a bundle on an engine, a frame at a time: strips from the machine can come between."""

from collections.abc import Iterator

import numpy as np

from stripsight.bundle import Bundle
from stripsight.challenge import ChallengeStrip
from stripsight.engine import Engine, Inference
from stripsight.frame import decode
from stripsight.patches import crop_frame
from stripsight.recipe import PixelFormat
from stripsight.verdict import judge


class ChallengeSteps:
    """One run: call `step` until it says False. The image checks have no part in it.

    `missed` has a sentence for each strip with a score that is off by more than the bundle's tolerance, or another
    verdict; `max_score_error` is the largest error of a score of the strips that are done.
    """

    def __init__(self, engine: Engine, bundle: Bundle) -> None:
        """Begin with no strip."""
        self._engine = engine
        self._bundle = bundle
        # A machine that sends no PNG still has its challenge set in PNG.
        frame = bundle.recipe.frame.model_copy(update={"pixel_formats": (PixelFormat.PNG,)})
        self._recipe = bundle.recipe.model_copy(update={"frame": frame})
        self._frames = self._each_frame()
        self.bundle_id, self.provider = bundle.bundle_id, engine.provider
        self.strips = 0
        self.missed: list[str] = []
        self.max_score_error = 0.0

    def step(self) -> bool:
        """Take one frame as far as it goes; False when there is none left. Raises EngineError."""
        return next(self._frames, False)

    def _each_frame(self) -> Iterator[bool]:
        for strip in self._bundle.challenge:
            inferred: list[Inference] = []
            for frame in strip.frames:
                patches = crop_frame(decode(frame, self._recipe), self._recipe)
                inferred.append(self._engine.infer_frame(patches))
                if len(inferred) == len(strip.frames):
                    self._compare(strip, self._engine.fuse(inferred))
                yield True

    def _compare(self, strip: ChallengeStrip, inference: Inference) -> None:
        self.strips += 1
        error = float(np.abs(inference.scores - strip.scores).max())
        self.max_score_error = max(error, self.max_score_error)
        verdict = judge(inference.scores, self._bundle.thresholds, self._recipe).verdict
        if not error <= self._bundle.tolerance:  # asked so that NaN fails
            instead = "" if verdict is strip.verdict else f", and {verdict} instead of {strip.verdict}"
            self._miss(strip, f"scores within {self._bundle.tolerance:g}", f"an error of {error:.6f}{instead}")
        elif verdict is not strip.verdict:
            self._miss(strip, str(strip.verdict), str(verdict))

    def _miss(self, strip: ChallengeStrip, expected: str, found: str) -> None:
        self.missed.append(f"challenge strip {strip.name}: expected {expected}, found {found}")
