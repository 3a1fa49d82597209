"""Runs the bundle's graph (the infer step). The only module that knows ONNX Runtime.

Asking for a GPU and silently getting the CPU is refused: the provider in use is compared with the one asked.
"""

import ctypes
import os
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from stripsight.errors import EngineError, ProviderError, ScoresError

# The wheel queues usage data for its maker, below $HOME, unless told otherwise before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort  # after the line above, on purpose

ProviderChoice = Literal["cpu", "cuda", "cuda-or-cpu"]

_NAMES = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}
# TF32 keeps 10 bits of a float32's mantissa: enough to move a score past a threshold.
_CUDA = ("CUDAExecutionProvider", {"use_tf32": 0})
_CPU = "CPUExecutionProvider"
_ATTEMPTS: dict[ProviderChoice, list[list[Any]]] = {
    "cpu": [[_CPU]],
    "cuda": [[_CUDA, _CPU]],  # the CPU beside it computes shapes
    "cuda-or-cpu": [[_CUDA, _CPU], [_CPU]],
}
_OUTPUTS = ["scores", "reconstructions"]
_MAPS = "anomaly_maps"
_ERRORS_ONLY = 3


@dataclass(frozen=True)
class Inference:
    """What the graph says of N patches; a higher score is more anomalous."""

    scores: NDArray[np.float32]
    """[N]"""
    reconstructions: NDArray[np.uint8]
    """[N, P, P]"""
    anomaly_maps: NDArray[np.float32] | None = None
    """[N, M, M], each with its patch's score as its largest value; None from a graph that scores by the mean."""


class Engine:
    """A session on one graph. One caller at a time: it uses all its threads for one inference."""

    def __init__(
        self,
        graph: bytes,
        *,
        provider: ProviderChoice = "cpu",
        threads: int = 0,
        patch_size: int,
        spin: bool = False,
    ) -> None:
        """Load `graph` (an inspect.onnx) on `provider`.

        `threads` are those of the CPU, 0 for all that this process may use. `spin` lets them wait for work
        busily; beside other work on two cores that cost a third more time, so it is off. Raises ProviderError
        when `provider` is not what the session uses, EngineError when the graph does not load.
        """
        if provider not in get_args(ProviderChoice):
            expected = ", ".join(get_args(ProviderChoice))
            raise ProviderError(f"expected a provider out of {expected}, found {provider}", found=provider)
        self._session = _session(graph, provider, threads or len(os.sched_getaffinity(0)), spin)
        self.provider = _honest(self._session.get_providers(), provider)
        self._patch_size = patch_size
        self._maps = {value.name: value.shape[1:] for value in self._session.get_outputs()}.get(_MAPS)
        batch = self._session.get_inputs()[0].shape[0]
        self._batch = batch if isinstance(batch, int) else None

    def infer(self, patches: NDArray[np.uint8]) -> Inference:
        """Score and redraw a batch, uint8 [N, P, P]. A graph of a fixed N is run as often as it takes.

        Raises EngineError when the batch does not fit or the run fails, ScoresError when something of another
        type or shape comes back.
        """
        self._check_batch(patches)
        step = self._batch or len(patches)
        parts = [self._run(patches[start : start + step]) for start in range(0, len(patches), step)]
        if len(parts) == 1:
            return parts[0]
        maps = [part.anomaly_maps for part in parts if part.anomaly_maps is not None]
        return Inference(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.reconstructions for part in parts]),
            np.concatenate(maps) if maps else None,
        )

    def warm_up(self, patch_count: int, runs: int = 2) -> float:
        """Run on blank batches of `patch_count` patches; return the seconds that the last run took."""
        blank = np.full((patch_count, self._patch_size, self._patch_size), 128, np.uint8)
        seconds = 0.0
        for _ in range(runs):
            start = time.perf_counter()
            self.infer(blank)
            seconds = time.perf_counter() - start
        return seconds

    def _check_batch(self, patches: NDArray[np.uint8]) -> None:
        size = self._patch_size
        fits = patches.dtype == np.uint8 and patches.ndim == 3 and patches.shape[1:] == (size, size)
        if not fits or len(patches) == 0 or (self._batch and len(patches) % self._batch):
            count = f"multiple of {self._batch}" if self._batch else "N"
            expected = f"uint8 [{count}, {size}, {size}]"
            found = f"{patches.dtype} {list(patches.shape)}"
            raise EngineError(f"patches: expected {expected}, found {found}", expected=expected, found=found)

    def _run(self, patches: NDArray[np.uint8]) -> Inference:
        try:
            wanted = _OUTPUTS if self._maps is None else [*_OUTPUTS, _MAPS]
            scores, reconstructions, *maps = self._session.run(wanted, {"patches": patches})
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            message = f"inference failed on {self.provider}: {error}"
            raise EngineError(message, provider=self.provider) from error
        _expect("scores", scores, np.dtype(np.float32), patches.shape[:1])
        _expect("reconstructions", reconstructions, np.dtype(np.uint8), patches.shape)
        if self._maps is None:
            return Inference(scores, reconstructions)
        _expect(_MAPS, maps[0], np.dtype(np.float32), (len(patches), *self._maps))
        return Inference(scores, reconstructions, maps[0])


def _session(graph: bytes, provider: ProviderChoice, threads: int, spin: bool) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    if provider == "cuda-or-cpu" and not _has_nvidia_driver():
        provider = "cpu"  # nothing to try, and the attempt would print pages about it
    if provider != "cpu":
        # CUDA and cuDNN out of the installed wheels. What it misses it prints, and stdout is for log lines.
        with redirect_stdout(sys.stderr):
            ort.preload_dlls()
    error: Exception | None = None
    for providers in _ATTEMPTS[provider]:
        try:
            # Without enable_fallback=0 a session whose GPU fails goes on on the CPU, and says nothing of it.
            return ort.InferenceSession(graph, options, providers=providers, enable_fallback=0)
        except Exception as failure:  # ONNX Runtime's exceptions share no base class
            error = failure
    raise EngineError(f"the graph does not load on {provider}: {error}", provider=provider) from error


def _has_nvidia_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _honest(in_use: list[str], asked: ProviderChoice) -> str:
    """Return the first provider in use by its short name, if it is one that was asked for."""
    found = _NAMES.get(in_use[0], in_use[0])
    if found not in asked.split("-or-"):
        raise ProviderError(f"provider: expected {asked}, found {found}", expected=asked, found=found)
    return found


def _expect(name: str, array: object, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    expected = f"{dtype} {list(shape)}"
    found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
    if expected != found:
        raise ScoresError(f"{name}: expected {expected}, found {found}", expected=expected, found=found)
