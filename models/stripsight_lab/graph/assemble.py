"""Puts the uint8 interface and the SSIM score around a generator, in one ONNX graph."""

import onnx
from onnx import compose, helper, parser

from stripsight_lab.graph import ssim

OPSET = 18
IR_VERSION = 10
FLOAT = onnx.TensorProto.FLOAT
UINT8 = onnx.TensorProto.UINT8

BEFORE = f"""
before (uint8[N,P,P] patches) => (float[N,1,P,P] generator_x) {{
    channel = Constant<value_ints = [1]>()
    white = Constant<value_float = 255.0>()
    image = Unsqueeze(patches, channel)
    grey = Cast<to = {FLOAT}>(image)
    generator_x = Div(grey, white)
}}"""

# `fault` is 0, or NaN when any pixel is not finite: rounding to uint8 would hide that from the score.
AFTER = f"""
after (float[N,1,P,P] generator_y) => (uint8[N,P,P] reconstructions, float[N] fault) {{
    black = Constant<value_float = 0.0>()
    rows_and_columns = Constant<value_ints = [1, 2]>()
    redrawn = Squeeze(generator_y, channel)
    scaled = Mul(redrawn, white)
    bounded = Clip(scaled, black, white)
    rounded = Round(bounded)
    reconstructions = Cast<to = {UINT8}>(rounded)
    total = ReduceSum<keepdims = 0>(redrawn, rows_and_columns)
    fault = Mul(total, black)
}}"""


def assemble(generator: onnx.ModelProto, *, patch_size: int) -> onnx.ModelProto:
    """Return the inspection graph around a generator.

    The generator takes `x` float32 [N, 1, P, P] in [0, 1] and gives `y` float32 [N, 1, P, P]. The result
    takes `patches` uint8 [N, P, P] and gives `scores` float32 [N], 1 - mean SSIM of each patch against its
    rounded reconstruction, and `reconstructions` uint8 [N, P, P]. A patch whose `y` is not finite scores
    NaN. Raises ValueError for a generator with another signature or operator set.
    """
    _check(generator, patch_size)
    core = compose.add_prefix(generator, "generator_").graph
    score = ssim.score_graph(patch_size, left="patches", right="reconstructions", scores="losses")
    square: list[str | int | None] = ["N", patch_size, patch_size]
    graph = helper.make_graph(
        [
            *parser.parse_graph(BEFORE).node,
            *core.node,
            *parser.parse_graph(AFTER).node,
            *score.node,
            helper.make_node("Add", ["losses", "fault"], ["scores"]),
        ],
        "inspect",
        [helper.make_tensor_value_info("patches", UINT8, square)],
        [
            helper.make_tensor_value_info("scores", FLOAT, ["N"]),
            helper.make_tensor_value_info("reconstructions", UINT8, square),
        ],
        initializer=[*core.initializer, *score.initializer],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def _check(generator: onnx.ModelProto, patch_size: int) -> None:
    found = [_shape(value) for value in (*generator.graph.input, *generator.graph.output)]
    expected = [(name, FLOAT, [1, patch_size, patch_size]) for name in ("x", "y")]
    if found != expected:
        raise ValueError(f"generator: expected {expected} after the batch axis, found {found}")
    opsets = {entry.domain or "ai.onnx": entry.version for entry in generator.opset_import}
    if opsets != {"ai.onnx": OPSET}:
        raise ValueError(f"generator: expected only standard operators, opset {OPSET}, found {opsets}")
    if generator.functions:
        raise ValueError("generator: expected a plain graph, found functions")


def _shape(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [dim.dim_value for dim in tensor.shape.dim[1:]]
