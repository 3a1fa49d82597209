"""Known strips inside a bundle, with the scores and verdicts that any engine must reproduce.

challenge/challenge.json  challenge/<name>/<frame index>.png
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from stripsight import document
from stripsight.errors import BundleChallengeInvalid
from stripsight.frame import FrameData, crc32c, decode
from stripsight.recipe import Name, PixelFormat, Recipe
from stripsight.verdict import Thresholds, Verdict, judge

CHALLENGE = "challenge/challenge.json"
TOLERANCE = 1e-3  # of a score, between providers

Truth = Literal["good", "defective"]
Score = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class ChallengeStrip:
    """A strip, its scores float32 [N] and verdict from the graph in the bundle, and what the strip really is.

    The frames as loaded are PNG.
    """

    name: str
    frames: tuple[FrameData, ...]
    scores: NDArray[np.float32]
    verdict: Verdict
    truth: Truth


class _Strip(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    truth: Truth
    verdict: Verdict
    scores: list[Score]


class _ChallengeFile(BaseModel):
    schema_version: int
    tolerance: Annotated[float, Field(gt=0, le=0.1)]
    strips: list[_Strip]


def unpack(
    files: Mapping[str, bytes], recipe: Recipe, thresholds: Thresholds
) -> tuple[tuple[ChallengeStrip, ...], float]:
    """Return the strips in a bundle's files and the tolerance of a score.

    Raises BundleChallengeInvalid unless each strip is whole and agrees with the thresholds, and both verdicts
    are there: a set of one kind would pass on an engine that always says the same.
    """
    listed = document.parse(CHALLENGE, files[CHALLENGE], _ChallengeFile, BundleChallengeInvalid)
    strips = tuple(_strip(strip, files, recipe, thresholds) for strip in listed.strips)
    verdicts = {strip.verdict for strip in strips}
    if verdicts != set(Verdict):
        raise _invalid("at least one accepted and one rejected strip", ", ".join(sorted(verdicts)) or "no strips")
    return strips, listed.tolerance


def pack(strips: Sequence[ChallengeStrip], tolerance: float, recipe: Recipe) -> dict[str, bytes]:
    """Return the files of a challenge set, by their path in the bundle. All frames become PNG."""
    listed: list[dict[str, Any]] = [
        {
            "name": strip.name,
            "truth": strip.truth,
            "verdict": str(strip.verdict),
            "scores": [float(score) for score in strip.scores],
        }
        for strip in strips
    ]
    files = {CHALLENGE: document.dump({"tolerance": tolerance, "strips": listed})}
    for strip in strips:
        for frame in strip.frames:
            files[f"challenge/{strip.name}/{frame.index}.png"] = _png(frame, recipe)
    return files


def _png(frame: FrameData, recipe: Recipe) -> bytes:
    if frame.pixel_format is PixelFormat.PNG:
        return frame.data
    _, encoded = cv2.imencode(".png", decode(frame, recipe).pixels)
    return encoded.tobytes()


def _strip(listed: _Strip, files: Mapping[str, bytes], recipe: Recipe, thresholds: Thresholds) -> ChallengeStrip:
    scores = np.array(listed.scores, np.float32)
    if len(scores) != recipe.patch_count:
        raise _invalid(f"{recipe.patch_count} scores for strip {listed.name}", str(len(scores)))
    verdict = judge(scores, thresholds, recipe).verdict
    if verdict is not listed.verdict:
        raise _invalid(f"verdict {verdict} from the scores of strip {listed.name}", str(listed.verdict))
    frames = tuple(_frame(listed.name, index, files, recipe) for index in recipe.frame.indices)
    return ChallengeStrip(listed.name, frames, scores, verdict, listed.truth)


def _frame(strip: str, index: int, files: Mapping[str, bytes], recipe: Recipe) -> FrameData:
    name = f"challenge/{strip}/{index}.png"
    if name not in files:
        raise _invalid(f"frame {name}", "no such file")
    data = files[name]
    return FrameData(index, data, PixelFormat.PNG, recipe.frame.width_px, recipe.frame.height_px, crc32c(data))


def _invalid(expected: str, found: str) -> BundleChallengeInvalid:
    return BundleChallengeInvalid(
        f"{CHALLENGE}: expected {expected}, found {found}", file=CHALLENGE, expected=expected, found=found
    )
