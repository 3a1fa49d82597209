"""Puts the uint8 interface and the score around a network, in one ONNX graph."""

import onnx
from onnx import compose, helper, parser

from stripsight_lab.graph import ssim

OPSET = 18
IR_VERSION = 10
FLOAT = onnx.TensorProto.FLOAT
UINT8 = onnx.TensorProto.UINT8
MAPS = "anomaly_maps"

BEFORE = f"""
before (uint8[N,P,P] patches) => (float[N,1,P,P] network_x) {{
    channel = Constant<value_ints = [1]>()
    white = Constant<value_float = 255.0>()
    image = Unsqueeze(patches, channel)
    grey = Cast<to = {FLOAT}>(image)
    network_x = Div(grey, white)
}}"""

# `fault` is 0, or NaN when any pixel is not finite: rounding to uint8 would hide that from the score.
AFTER = f"""
after (float[N,1,P,P] network_y) => (uint8[N,P,P] reconstructions, float[N] fault) {{
    black = Constant<value_float = 0.0>()
    rows_and_columns = Constant<value_ints = [1, 2]>()
    redrawn = Squeeze(network_y, channel)
    scaled = Mul(redrawn, white)
    bounded = Clip(scaled, black, white)
    rounded = Round(bounded)
    reconstructions = Cast<to = {UINT8}>(rounded)
    total = ReduceSum<keepdims = 0>(redrawn, rows_and_columns)
    fault = Mul(total, black)
}}"""

# A maximum need not pass NaN on, a sum does.
LARGEST = """
largest (float[N,M,M] network_m, float[N] fault) => (float[N,M,M] anomaly_maps, float[N] scores) {
    anomaly_maps = Identity(network_m)
    map_total = ReduceSum<keepdims = 0>(network_m, rows_and_columns)
    map_fault = Mul(map_total, black)
    either_fault = Add(fault, map_fault)
    peak = ReduceMax<keepdims = 0>(anomaly_maps, rows_and_columns)
    scores = Add(peak, either_fault)
}"""


def assemble(network: onnx.ModelProto, *, patch_size: int) -> onnx.ModelProto:
    """Return the inspection graph around a network, uint8 [N, P, P] `patches` in, each frame for itself.

    The network takes `x` float32 [N, 1, P, P] in [0, 1] and gives `y` float32 [N, 1, P, P], the patches redrawn.
    Where that is all, `scores` float32 [N] are 1 - mean SSIM of each patch against its rounded reconstruction. Where it
    also gives `m` float32 [N, M, M], the anomaly maps, they are its largest values, and the maps come out as
    `anomaly_maps`. `reconstructions` uint8 [N, P, P] come out in either case. A patch whose `y` or `m` is not finite
    scores NaN. Raises ValueError for a network with another signature or operator set.
    """
    side = _map_side(network, patch_size)
    core = compose.add_prefix(network, "network_").graph
    judged = _mean_ssim(patch_size) if side is None else parser.parse_graph(LARGEST)
    square: list[str | int | None] = ["N", patch_size, patch_size]
    outputs = [
        helper.make_tensor_value_info("scores", FLOAT, ["N"]),
        helper.make_tensor_value_info("reconstructions", UINT8, square),
    ]
    if side is not None:
        outputs.append(helper.make_tensor_value_info(MAPS, FLOAT, ["N", side, side]))
    graph = helper.make_graph(
        [node for part in (parser.parse_graph(BEFORE), core, parser.parse_graph(AFTER), judged) for node in part.node],
        "inspect",
        [helper.make_tensor_value_info("patches", UINT8, square)],
        outputs,
        initializer=[tensor for part in (core, judged) for tensor in part.initializer],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def map_side(model: onnx.ModelProto) -> int:
    """Return M of an inspection graph's anomaly maps. Raises ValueError for one without."""
    sides = [value.type.tensor_type.shape.dim[-1].dim_value for value in model.graph.output if value.name == MAPS]
    if not sides:
        raise ValueError(f"inspection graph: expected an output {MAPS}, found none")
    return sides[0]


def _mean_ssim(patch_size: int) -> onnx.GraphProto:
    graph = ssim.score_graph(patch_size, left="patches", right="reconstructions", scores="losses")
    graph.node.append(helper.make_node("Add", ["losses", "fault"], ["scores"]))
    return graph


def _map_side(network: onnx.ModelProto, patch_size: int) -> int | None:
    """Return M where the network gives maps, and check all the rest."""
    found = [_shape(value) for value in (*network.graph.input, *network.graph.output)]
    expected = [(name, FLOAT, [1, patch_size, patch_size]) for name in ("x", "y")]
    side = found[2][2][-1] if len(found) == 3 and found[2][2] else None
    if side:
        expected.append(("m", FLOAT, [side, side]))
    if found != expected:
        raise ValueError(f"network: expected {expected} after the batch axis, found {found}")
    opsets = {entry.domain or "ai.onnx": entry.version for entry in network.opset_import}
    if opsets != {"ai.onnx": OPSET}:
        raise ValueError(f"network: expected only standard operators, opset {OPSET}, found {opsets}")
    if network.functions:
        raise ValueError("network: expected a plain graph, found functions")
    return side


def _shape(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [dim.dim_value for dim in tensor.shape.dim[1:]]
