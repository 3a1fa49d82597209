"""What a graph has to do at least: its operations, and the bytes that it has to move. Pure.

Only convolutions and matrix products count, as 2 operations for each multiplication with its addition; the rest is
taken to run inside them for nothing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import helper, shape_inference

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and bytes read or written."""

    flops: int
    moved_bytes: int


@dataclass(frozen=True)
class Value:
    """Shape and size of one tensor."""

    shape: Shape
    item_bytes: int

    @property
    def bytes(self) -> int:
        """Bytes that it takes."""
        return math.prod(self.shape) * self.item_bytes


def convolution(inputs: Sequence[Shape], output: Shape) -> int:
    """Conv: each output element takes a kernel over its group's channels. Weights are [C out, C in / group, ...]."""
    return 2 * math.prod(output) * math.prod(inputs[1][1:])


def transposed_convolution(inputs: Sequence[Shape], _: Shape) -> int:
    """ConvTranspose: each input element gives to a kernel. Weights are [C in, C out / group, ...]."""
    return 2 * math.prod(inputs[0]) * math.prod(inputs[1][1:])


def matrix_product(inputs: Sequence[Shape], output: Shape) -> int:
    """MatMul, or Gemm with the left side as it is: each output element takes a row of the left side."""
    return 2 * math.prod(output) * inputs[0][-1]


COUNTED: Mapping[str, Callable[[Sequence[Shape], Shape], int]] = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "MatMul": matrix_product,
    "Gemm": matrix_product,
}


def work(model: onnx.ModelProto) -> Work:
    """Count what `model` does once: each counted operator reads its inputs and writes its output once.

    A weight that several operators share is read once. All shapes must follow from those of the inputs; `folded` makes
    such a graph. Raises ValueError for a shape that does not.
    """
    graph = shape_inference.infer_shapes(model).graph
    values, weights = _values(graph), {tensor.name for tensor in graph.initializer}
    flops, moved, read = 0, 0, set[str]()
    for node in (node for node in graph.node if node.op_type in COUNTED):
        if any(attribute.name == "transA" and attribute.i for attribute in node.attribute):
            raise ValueError(f"Gemm of {node.output[0]}: expected the left side as it is, found it transposed")
        taken, made = [_known(values, name) for name in node.input if name], _known(values, node.output[0])
        flops += COUNTED[node.op_type]([value.shape for value in taken], made.shape)
        moved += made.bytes + sum(values[name].bytes for name in node.input if name and name not in read)
        read.update(weights.intersection(node.input))
    return Work(flops, moved)


def _values(graph: onnx.GraphProto) -> dict[str, Value]:
    found = {}
    for tensor in graph.initializer:
        found[tensor.name] = Value(tuple(tensor.dims), _item_bytes(tensor.data_type))
    for info in (*graph.input, *graph.value_info, *graph.output):
        kind = info.type.tensor_type
        if all(dim.HasField("dim_value") for dim in kind.shape.dim):
            shape = tuple(dim.dim_value for dim in kind.shape.dim)
            found[info.name] = Value(shape, _item_bytes(kind.elem_type))
    return found


def _item_bytes(kind: int) -> int:
    return int(helper.tensor_dtype_to_np_dtype(kind).itemsize)


def _known(values: Mapping[str, Value], name: str) -> Value:
    if name not in values:
        raise ValueError(f"{name}: expected a shape that the graph tells, found none")
    return values[name]
