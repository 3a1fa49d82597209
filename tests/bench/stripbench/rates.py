"""What this machine can do at its best: matrix products and copying, by ONNX Runtime on the provider in use.

With the service's library and as many threads, so that a gap to the floor is the graph's own.
"""

import time
from collections.abc import Mapping

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import ModelProto, parser

_HEAD = '<ir_version: 10, opset_import: ["" : 18]>'
Matrix = NDArray[np.float32 | np.float16]

_RUNS = 12
_SIDE = {"cpu": 2048, "cuda": 8192}
_COPIED = {"cpu": 2**26, "cuda": 2**28}


def product(side: int, kind: str = "float") -> ModelProto:
    """A graph of one product of two square matrices, float32 or "float16"."""
    square = f"{kind}[{side},{side}]"
    return parser.parse_model(f"{_HEAD} g ({square} x, {square} w) => ({square} y) {{ y = MatMul(x, w) }}")


def copy(length: int) -> ModelProto:
    """A graph that reads `length` float32 and writes as many; a plain copy could be left out as no work."""
    return parser.parse_model(f"{_HEAD} g (float[{length}] x) => (float[{length}] y) {{ y = Neg(x) }}")


def matrix_rate(provider: str, threads: int, dtype: type[np.float32 | np.float16] = np.float32) -> float:
    """Operations per second of a large matrix product in `dtype`."""
    side = _SIDE[provider]
    matrix = np.full((side, side), 0.5, dtype)
    kind = "float16" if dtype is np.float16 else "float"
    return 2 * side**3 / _best_s(product(side, kind), {"x": matrix, "w": matrix}, provider, threads)


def copy_rate(provider: str, threads: int) -> float:
    """Bytes per second, read and written together, of an array larger than every cache."""
    length = _COPIED[provider]
    return 2 * 4 * length / _best_s(copy(length), {"x": np.ones(length, np.float32)}, provider, threads)


def _best_s(model: ModelProto, inputs: Mapping[str, Matrix], provider: str, threads: int) -> float:
    """Least seconds of a few runs on buffers that lie on the device: the best is what the machine can do."""
    session = _session(model, provider, threads)
    binding = session.io_binding()
    for name, value in inputs.items():
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(value, provider, 0))
    first = next(iter(inputs.values()))
    room = ort.OrtValue.ortvalue_from_shape_and_type(first.shape, first.dtype, provider, 0)
    binding.bind_ortvalue_output("y", room)
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        times.append(time.perf_counter() - start)
    return min(times)


def _session(model: ModelProto, provider: str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    names: list[object] = ["CPUExecutionProvider"]
    if provider == "cuda":
        ort.preload_dlls()
        names = [("CUDAExecutionProvider", {"use_tf32": 0})]  # as the service sets it
    return ort.InferenceSession(model.SerializeToString(), options, providers=names, enable_fallback=0)
