"""One graph on one provider. The only module that knows ONNX Runtime.

Asking for a GPU and silently getting the CPU is refused: the provider in use is compared with the one asked.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any, Literal, get_args

from numpy.typing import NDArray

from stripsight.errors import EngineError, ProviderError

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
_ERRORS_ONLY = 3


class Session:
    """A loaded graph. One caller at a time: it uses all its threads for one run."""

    def __init__(self, graph: bytes, *, provider: ProviderChoice, threads: int, spin: bool) -> None:
        """Load `graph` on `provider` with `threads` threads of the CPU, 0 for all that this process may use.

        `spin` lets them wait for work busily. Raises ProviderError when `provider` is not what the session uses,
        EngineError when the graph does not load.
        """
        if provider not in get_args(ProviderChoice):
            expected = ", ".join(get_args(ProviderChoice))
            raise ProviderError(f"expected a provider out of {expected}, found {provider}", found=provider)
        self._session = _session(graph, provider, threads or len(os.sched_getaffinity(0)), spin)
        self.provider = _honest(self._session.get_providers(), provider)

    @property
    def input_shape(self) -> list[int | str | None]:
        """Shape of the first input; an open axis is a name or None."""
        return list(self._session.get_inputs()[0].shape)

    @property
    def outputs(self) -> dict[str, list[int | str | None]]:
        """Each output's shape."""
        return {value.name: list(value.shape) for value in self._session.get_outputs()}

    def run(self, outputs: Sequence[str], name: str, value: NDArray[Any]) -> list[NDArray[Any]]:
        """Return `outputs` for `value` at the input `name`. Raises EngineError when the run fails."""
        try:
            # Buffers are not bound: on a CPU that saves less than its spread (decision 0011).
            found: list[NDArray[Any]] = self._session.run(list(outputs), {name: value})
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            message = f"inference failed on {self.provider}: {error}"
            raise EngineError(message, provider=self.provider) from error
        return found


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
