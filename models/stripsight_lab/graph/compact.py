"""Stores a graph's large weights in fewer bytes. The runtime widens them once, while it loads the graph."""

from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Kind = Literal["float16", "int8"]

# Cast and Mul of constants, not DequantizeLinear: ONNX Runtime keeps the latter for each run.


def compact(model: onnx.ModelProto, *, min_elements: int = 1 << 20, kind: Kind = "float16") -> onnx.ModelProto:
    """Return a copy whose float32 weights of `min_elements` or more are stored as `kind`.

    `float16` halves them, with a relative error of 5e-4 in each weight. `int8` quarters them, with an error
    of 1/254 of the largest weight in the same row; a row is the last axis of a matrix or a stack of matrices,
    and one filter of a convolution. The arithmetic stays float32. Raises ValueError when a weight does not
    fit into float16. The default leaves mean images and convolutions alone: they are small, and an int8 mean
    image would be off by half a grey level.
    """
    narrow = {"float16": _as_float16, "int8": _as_int8}[kind]
    weights: list[onnx.TensorProto] = []
    widening: list[onnx.NodeProto] = []
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) >= min_elements:
            stored, nodes = narrow(tensor)
            weights += stored
            widening += nodes
        else:
            weights.append(tensor)
    graph = model.graph
    small = helper.make_model(
        helper.make_graph([*widening, *graph.node], graph.name, graph.input, graph.output, initializer=weights),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    onnx.checker.check_model(small)
    return small


def _as_float16(tensor: onnx.TensorProto) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    weights = numpy_helper.to_array(tensor)
    if np.abs(weights).max() > np.finfo(np.float16).max:
        raise ValueError(f"{tensor.name}: does not fit into float16")
    name = f"{tensor.name}_float16"
    widen = helper.make_node("Cast", [name], [tensor.name], to=onnx.TensorProto.FLOAT)
    return [numpy_helper.from_array(weights.astype(np.float16), name)], [widen]


def _as_int8(tensor: onnx.TensorProto) -> tuple[list[onnx.TensorProto], list[onnx.NodeProto]]:
    weights = numpy_helper.to_array(tensor)
    levels, scale = _quantise(weights)
    names = [f"{tensor.name}_{part}" for part in ("int8", "scale", "levels")]
    widening = [
        helper.make_node("Cast", [names[0]], [names[2]], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [names[2], names[1]], [tensor.name]),
    ]
    return [numpy_helper.from_array(levels, names[0]), numpy_helper.from_array(scale, names[1])], widening


def _quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights -> levels in -127 .. 127 and a scale a row that broadcasts against them."""
    row = -1 if weights.ndim < 4 else tuple(range(1, weights.ndim))
    scale = np.abs(weights).max(axis=row, keepdims=True) / np.float32(127)
    levels = np.rint(weights / np.where(scale > 0, scale, 1)).astype(np.int8)
    return levels, scale.astype(np.float32)
