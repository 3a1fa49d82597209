"""Cut, redraw, score, judge: the plain way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from skimage.metrics import structural_similarity

from plain.messages import Floats

# No float64 in between: `data_range` and the arrays' type keep it in float32.
_SIMILARITY: Any = structural_similarity
_SSIM: dict[str, Any] = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}


@dataclass(frozen=True)
class Cut:
    """One patch: the frame's place in the request and its half-open box in px."""

    frame: int
    left: int
    top: int
    right: int
    bottom: int


class PlainInspector:
    """A generator in ONNX Runtime, and SSIM beside it."""

    def __init__(self, generator: bytes, provider: str, cuts: Sequence[Cut], threshold: float) -> None:
        """Load a graph that takes and gives float32 [N, 1, P, P] in [0, 1].

        Raises RuntimeError when ONNX Runtime chooses another provider by itself.
        """
        if provider == "CUDAExecutionProvider":
            ort.preload_dlls()
        self._session = ort.InferenceSession(generator, providers=[provider])
        if self._session.get_providers()[0] != provider:
            raise RuntimeError(f"expected {provider}, found {self._session.get_providers()}")
        self._cuts = tuple(cuts)
        self._threshold = threshold

    def inspect(self, frames: Sequence[Floats]) -> tuple[bool, list[float]]:
        """Judge frames, float32 [H, W] from 0 to 255: (accept, the score of each patch)."""
        cut = [frames[c.frame][c.top : c.bottom, c.left : c.right] for c in self._cuts]
        patches = np.stack(cut)[:, np.newaxis] / np.float32(255)
        name = self._session.get_inputs()[0].name
        (redrawn,) = self._session.run(None, {name: patches})
        pairs = zip(patches[:, 0], redrawn[:, 0], strict=True)
        scores = [1.0 - float(_SIMILARITY(patch, image, **_SSIM)) for patch, image in pairs]
        return all(score < self._threshold for score in scores), scores
