"""Runs the bundle's graphs (the infer step): inspect.onnx on each frame, fuse.onnx once over a whole strip.

A frame is the unit of inference, whether it came alone or with its strip: one shape to warm up, and the same scores to
the bit in either case.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stripsight.errors import EngineError, ScoresError
from stripsight.providers import ProviderChoice
from stripsight.session import Session

__all__ = ["Engine", "Inference"]

_OUTPUTS = ("scores", "reconstructions")
_MAPS = "anomaly_maps"


@dataclass(frozen=True)
class Inference:
    """What the graphs say of N patches, those of a frame or of whole strips; a higher score is more anomalous."""

    scores: NDArray[np.float32]
    """[N]"""
    reconstructions: NDArray[np.uint8]
    """[N, P, P]"""
    anomaly_maps: NDArray[np.float32] | None = None
    """[N, M, M], each with its patch's score as its largest value; None from a graph that scores by the mean."""


class Engine:
    """The sessions of one bundle. One caller at a time: it uses all its threads for one inference."""

    def __init__(
        self,
        graph: bytes,
        *,
        fuse: bytes | None = None,
        provider: ProviderChoice = "cpu",
        threads: int = 0,
        patch_size: int,
        patches_per_frame: int = 0,
        spin: bool = False,
        cache: Path | None = None,
    ) -> None:
        """Load `graph` (an inspect.onnx) and, where there is one, `fuse` (a fuse.onnx) on `provider`.

        `patches_per_frame` is how many patches run at once; 0, for graphs outside of a bundle, all that are given.
        `threads` are those of the CPU, 0 for all that this process may use. `spin` lets them wait for work busily;
        beside other work on two cores that cost a third more time, so it is off. `cache` is where TensorRT keeps what
        it builds. Raises ProviderError when `provider`
        is not what the sessions use, EngineError when a graph does not load.
        """
        self._session = Session(
            graph, provider=provider, threads=threads, spin=spin, batch=patches_per_frame, cache=cache
        )
        # The few maps of a strip take a millisecond: threads would only wait for each other.
        self._fuse = Session(fuse, provider=provider, threads=1, spin=spin) if fuse else None
        strip = self._fuse.input_shape[0] if self._fuse else 0
        self._strip = strip if isinstance(strip, int) else 0
        self.provider = self._session.provider
        self._patch_size = patch_size
        self._frame = patches_per_frame
        self._map_shape = tuple(self._session.outputs[_MAPS][1:]) if _MAPS in self._session.outputs else None

    def infer(self, patches: NDArray[np.uint8]) -> Inference:
        """Score and redraw whole strips, uint8 [N, P, P], frame by frame, and fuse each strip.

        Without a fusing graph N is any number of frames. Raises EngineError when the batch does not fit or a run
        fails, ScoresError when something of another type or shape comes back.
        """
        frame = self._frame or self._strip or len(patches)
        strip = self._strip or len(patches)
        self._check_batch(patches, self._strip or self._frame, several=True)
        strips = [[self.infer_frame(part) for part in _parts(whole, frame)] for whole in _parts(patches, strip)]
        return _joined([self.fuse(frames) for frames in strips])

    def infer_frame(self, patches: NDArray[np.uint8]) -> Inference:
        """Score and redraw the patches of one frame, uint8 [B, P, P], by themselves. Raises as `infer`."""
        self._check_batch(patches, self._frame, several=False)
        wanted = _OUTPUTS if self._map_shape is None else (*_OUTPUTS, _MAPS)
        scores, reconstructions, *maps = self._session.run(wanted, "patches", patches)
        _expect("scores", scores, np.dtype(np.float32), patches.shape[:1])
        _expect("reconstructions", reconstructions, np.dtype(np.uint8), patches.shape)
        if not maps:
            return Inference(scores, reconstructions)
        _expect(_MAPS, maps[0], np.dtype(np.float32), (len(patches), *(self._map_shape or ())))
        return Inference(scores, reconstructions, maps[0])

    def fuse(self, frames: Sequence[Inference]) -> Inference:
        """Join the frames of one strip, in order, and see them together where there is a fusing graph.

        A score becomes the larger of the frame's own and the fused one, and so does each place of a map; NaN stays.
        Whatever the graph says, a frame that rejects the strip alone still does.
        """
        alone = _joined(frames)
        if self._fuse is None or alone.anomaly_maps is None:
            return alone
        maps, scores = self._fuse.run((_MAPS, "scores"), "frame_maps", alone.anomaly_maps)
        _expect(f"fused {_MAPS}", maps, np.dtype(np.float32), alone.anomaly_maps.shape)
        _expect("fused scores", scores, np.dtype(np.float32), alone.scores.shape)
        worst = np.maximum(alone.scores, scores)
        return Inference(worst, alone.reconstructions, np.maximum(alone.anomaly_maps, maps))

    def warm_up(self, patch_count: int, runs: int = 2) -> float:
        """Run on blank strips of `patch_count` patches; return the seconds that the last run took."""
        blank = np.full((patch_count, self._patch_size, self._patch_size), 128, np.uint8)
        seconds = 0.0
        for _ in range(runs):
            start = time.perf_counter()
            self.infer(blank)
            seconds = time.perf_counter() - start
        return seconds

    def exercise(self) -> None:
        """Infer one blank frame, for its own sake. Raises EngineError."""
        self.infer_frame(np.full((self._frame or 1, self._patch_size, self._patch_size), 128, np.uint8))

    def _check_batch(self, patches: NDArray[np.uint8], unit: int, *, several: bool) -> None:
        """Raise EngineError unless `patches` are uint8 [N, P, P] with N one `unit`, or `several`; 0 is any number."""
        size, count = self._patch_size, len(patches)
        fits = patches.dtype == np.uint8 and patches.ndim == 3 and patches.shape[1:] == (size, size) and count > 0
        if not fits or (unit and (count % unit if several else count != unit)):
            named = "N" if not unit else f"multiple of {unit}" if several else f"{unit}"
            expected = f"uint8 [{named}, {size}, {size}]"
            found = f"{patches.dtype} {list(patches.shape)}"
            raise EngineError(f"patches: expected {expected}, found {found}", expected=expected, found=found)


def _parts(patches: NDArray[np.uint8], size: int) -> list[NDArray[np.uint8]]:
    return [patches[start : start + size] for start in range(0, len(patches), size)]


def _joined(parts: Sequence[Inference]) -> Inference:
    if len(parts) == 1:
        return parts[0]
    maps = [part.anomaly_maps for part in parts if part.anomaly_maps is not None]
    return Inference(
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.reconstructions for part in parts]),
        np.concatenate(maps) if maps else None,
    )


def _expect(name: str, array: object, dtype: np.dtype[Any], shape: tuple[int | str | None, ...]) -> None:
    expected = f"{dtype} {list(shape)}"
    found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
    if expected != found:
        raise ScoresError(f"{name}: expected {expected}, found {found}", expected=expected, found=found)
