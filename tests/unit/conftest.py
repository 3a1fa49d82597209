"""Graphs that break down."""

from collections.abc import Callable

import onnx
import onnx.parser
import pytest
from onnx import helper


@pytest.fixture(scope="session")
def scores_of() -> Callable[..., bytes]:
    """Make a graph that scores NaN or infinity: `scores_of("nan")`."""
    return _scores_of


@pytest.fixture(scope="session")
def fuse_of() -> Callable[..., bytes]:
    """Make a fuse.onnx of one line: `fuse_of("Neg(frame_maps)", strip=6, side=4)`; scores are the largest values."""
    return _fuse_of


def _fuse_of(line: str, strip: int, side: int) -> bytes:
    maps = f"float[{strip},{side},{side}]"
    model = onnx.parser.parse_model(f"""
        <ir_version: 10, opset_import: ["" : 18]>
        fuse ({maps} frame_maps) => ({maps} anomaly_maps, float[{strip}] scores) {{
            zero = Constant<value_float = 0.0>()
            anomaly_maps = {line}
            axes = Constant<value_ints = [1, 2]>()
            scores = ReduceMax<keepdims = 0>(anomaly_maps, axes)
        }}""")
    return model.SerializeToString()


def _scores_of(value: str, count: str = "each") -> bytes:
    """A graph that scores NaN, by 0 / 0, or infinity, by 1 / 0: each patch, or all of them once."""
    const = {"nan": (0.0, 0.0), "inf": (1.0, 0.0)}[value]
    above, below = (
        helper.make_tensor(name, onnx.TensorProto.FLOAT, [1], [number])
        for name, number in zip(("above", "below"), const, strict=True)
    )
    axes = helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [1, 2])
    nodes = [
        helper.make_node("Cast", ["patches"], ["grey"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMin", ["grey", "axes"], ["least"], keepdims=0),
        helper.make_node("Div", ["above", "below"], ["value"]),
        helper.make_node("Add", ["least", "value"], ["scores"])
        if count == "each"
        else helper.make_node("ReduceMax", ["value"], ["scores"], keepdims=1),
        helper.make_node("Identity", ["patches"], ["reconstructions"]),
    ]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("patches", onnx.TensorProto.UINT8, ["N", 32, 32])],
        [
            helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, None),
            helper.make_tensor_value_info("reconstructions", onnx.TensorProto.UINT8, None),
        ],
        [above, below, axes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString()
