"""One graph on one provider. The only module that knows ONNX Runtime."""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from stripsight.errors import EngineError, ProviderError
from stripsight.providers import ProviderChoice, attempts, honest

# The wheel queues usage data for its maker, below $HOME, unless told otherwise before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort  # after the line above, on purpose

_ERRORS_ONLY = 3
_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


class Session:
    """A loaded graph. One caller at a time: it uses all its threads for one run."""

    def __init__(
        self,
        graph: bytes,
        *,
        provider: ProviderChoice,
        threads: int,
        spin: bool,
        batch: int = 0,
        cache: Path | None = None,
        bind: bool | None = None,
    ) -> None:
        """Load `graph` on `provider` with `threads` threads of the CPU, 0 for all that this process may use.

        `spin` lets them wait for work busily. A `batch` above 0 fixes the open axis N; on a GPU such a graph gets
        buffers on the device, allocated once (`bind` says so for any provider), and is captured as one CUDA graph where
        it can be. `cache` is a directory for what TensorRT builds. Raises ProviderError when `provider` is not what
        the session uses, EngineError when the graph does not load.
        """
        if provider not in get_args(ProviderChoice):
            expected = ", ".join(get_args(ProviderChoice))
            raise ProviderError(f"expected a provider out of {expected}, found {provider}", found=provider)
        options = _options(threads or len(os.sched_getaffinity(0)), spin, batch)
        self._session = _session(graph, options, provider, attempts(provider, fixed_batch=batch > 0, cache=cache))
        self.provider = honest(self._session.get_providers(), provider)
        # On a CPU that saves less than its spread (decision 0011).
        bound = batch > 0 and (self.provider != "cpu" if bind is None else bind)
        self._bound = _Bound(self._session, "cpu" if self.provider == "cpu" else "cuda") if bound else None

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
            if self._bound is not None:
                return self._bound.run(outputs, value)
            found: list[NDArray[Any]] = self._session.run(list(outputs), {name: value})
        except Exception as error:  # ONNX Runtime's exceptions share no base class
            message = f"inference failed on {self.provider}: {error}"
            raise EngineError(message, provider=self.provider) from error
        return found


class _Bound:
    """Input and outputs of one fixed shape on the device: a run copies patches in and results out, nothing else."""

    def __init__(self, session: "ort.InferenceSession", device: str) -> None:
        self._session = session
        self._binding = session.io_binding()
        (given,) = session.get_inputs()
        self._input = _buffer(given, device)
        self._binding.bind_ortvalue_input(given.name, self._input)
        self._outputs = {value.name: _buffer(value, device) for value in session.get_outputs()}
        for name, buffer in self._outputs.items():
            self._binding.bind_ortvalue_output(name, buffer)

    def run(self, outputs: Sequence[str], value: NDArray[Any]) -> list[NDArray[Any]]:
        if list(value.shape) != self._input.shape():
            raise ValueError(f"expected an input of shape {self._input.shape()}, found {list(value.shape)}")
        self._input.update_inplace(np.ascontiguousarray(value))
        self._binding.synchronize_inputs()
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        # A copy, since the buffers are written again by the next run.
        return [np.array(self._outputs[name].numpy()) for name in outputs]


def _buffer(value: "ort.NodeArg", device: str) -> "ort.OrtValue":
    return ort.OrtValue.ortvalue_from_shape_and_type(list(value.shape), _TYPES[value.type], device, 0)


def _options(threads: int, spin: bool, batch: int) -> "ort.SessionOptions":
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    if batch:
        options.add_free_dimension_override_by_name("N", batch)
    return options


def _session(
    graph: bytes, options: "ort.SessionOptions", provider: ProviderChoice, tries: list[list[Any]]
) -> "ort.InferenceSession":
    if tries != [["CPUExecutionProvider"]]:
        # CUDA and cuDNN out of the installed wheels. What it misses it prints, and stdout is for log lines.
        with redirect_stdout(sys.stderr):
            ort.preload_dlls()
    error: Exception | None = None
    for providers in tries:
        try:
            # Without enable_fallback=0 a session whose GPU fails goes on on the CPU, and says nothing of it.
            return ort.InferenceSession(graph, options, providers=providers, enable_fallback=0)
        except Exception as failure:  # ONNX Runtime's exceptions share no base class
            error = failure
    raise EngineError(f"the graph does not load on {provider}: {error}", provider=provider) from error
