"""What a graph can run on, each with ONNX Runtime's options for it, and the check that it really does.

Asking for a GPU and silently getting the CPU is refused: the provider in use is compared with the one asked.
"""

import ctypes
import sys
from pathlib import Path
from typing import Any, Literal

from stripsight.errors import ProviderError

ProviderChoice = Literal["cpu", "cuda", "cuda-or-cpu", "tensorrt"]
Attempt = list[Any]
"""Providers in ONNX Runtime's order: what the first cannot do, the next does."""

_NAMES = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda", "TensorrtExecutionProvider": "tensorrt"}
_CPU = "CPUExecutionProvider"
_CUDA: dict[str, str] = {
    # TF32 keeps 10 bits of a float32's mantissa: enough to move a score past a threshold.
    "use_tf32": "0",
    # The shapes never change, so the search for the fastest convolutions is paid once, in the warm-up.
    "cudnn_conv_algo_search": "EXHAUSTIVE",
    "cudnn_conv_use_max_workspace": "1",
}
# One launch for the whole graph instead of one for each of its hundred nodes. It needs all nodes on the GPU.
_CUDA_GRAPH = {"enable_cuda_graph": "1"}


def attempts(choice: ProviderChoice, *, fixed_batch: bool, cache: Path | None) -> list[Attempt]:
    """Return the lists of providers to try, in order; a later one is tried when a graph does not load on those before.

    `fixed_batch` says that the graph's shapes never change; `cache` is where TensorRT keeps what it has built.
    """
    if choice == "cuda-or-cpu" and not _has_nvidia_driver():
        choice = "cpu"  # nothing to try, and the attempt would print pages about it
    if choice == "cpu":
        return [[_CPU]]
    # The CPU beside it computes shapes.
    cuda: list[Attempt] = [[("CUDAExecutionProvider", options), _CPU] for options in _cuda_options(fixed_batch)]
    if choice == "tensorrt":
        return [[("TensorrtExecutionProvider", _tensorrt_options(cache)), *cuda[-1]]]
    return [*cuda, [_CPU]] if choice == "cuda-or-cpu" else cuda


def honest(in_use: list[str], asked: ProviderChoice) -> str:
    """Return the first provider in use by its short name. Raises ProviderError unless it is one that was asked for."""
    found = _NAMES.get(in_use[0], in_use[0])
    if found not in asked.split("-or-"):
        raise ProviderError(f"provider: expected {asked}, found {found}", expected=asked, found=found)
    return found


def _cuda_options(fixed_batch: bool) -> list[dict[str, str]]:
    return [_CUDA | _CUDA_GRAPH, _CUDA] if fixed_batch else [_CUDA]


def _tensorrt_options(cache: Path | None) -> dict[str, str]:
    """Scores keep float32; building takes minutes, so what was built is kept where there is a place for it."""
    kept = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(cache)} if cache is not None else {}
    return {"trt_fp16_enable": "0", **kept}


def _has_nvidia_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
