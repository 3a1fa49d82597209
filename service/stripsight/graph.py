"""Checks an inspect.onnx before anything runs it: what it may hold, and what goes in and comes out."""

from collections.abc import Iterator

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto

from stripsight.errors import BundleGraphSignature, BundleGraphUnsafe
from stripsight.recipe import Recipe

OPSET = 18
IR_VERSION_MAX = 10

Dimension = int | str


def check_graph(graph: bytes, recipe: Recipe) -> None:
    """Check that `graph` is safe to load and inspects patches of this recipe.

    Safe: standard operators of opset 18, IR at most 10, no functions, no subgraphs, no data outside the file.
    Signature: `patches` uint8 [N, P, P] to `scores` float32 [N] and `reconstructions` uint8 [N, P, P], with N
    open, or whole frames that divide a strip; where the recipe scores by `anomaly_map` also `anomaly_maps` float32
    [N, M, M], M a divisor of P. Raises BundleGraphUnsafe or BundleGraphSignature.
    """
    try:
        model = onnx.load_model_from_string(graph)
    except Exception as error:  # protobuf's DecodeError, which this module does not import
        raise _unsafe("an ONNX model", f"{len(graph)} bytes that are none") from error
    _check_versions(model)
    _check_contents(model)
    _check_signature(model.graph, recipe)
    try:
        onnx.checker.check_model(graph)
    except onnx.checker.ValidationError as error:
        raise _unsafe("a valid ONNX model", str(error).splitlines()[0]) from error


def _check_versions(model: ModelProto) -> None:
    if not 1 <= model.ir_version <= IR_VERSION_MAX:
        raise _unsafe(f"IR version at most {IR_VERSION_MAX}", str(model.ir_version))
    opsets = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
    if opsets != {"ai.onnx": OPSET}:
        raise _unsafe(f"only the standard operators, opset {OPSET}", f"{opsets}")


def _check_contents(model: ModelProto) -> None:
    if model.functions or model.training_info:
        raise _unsafe("a plain graph", "model functions or training information")
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise _unsafe("only standard operators", f"{node.op_type} of domain {node.domain}")
        if any(a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute):
            raise _unsafe("no subgraphs", f"{node.op_type} with one")
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise _unsafe("weights inside the file", f"external data for {tensor.name or 'a constant'}")


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)


def _check_signature(graph: GraphProto, recipe: Recipe) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    inputs = {value.name: _described(value) for value in graph.input if value.name not in constants}
    outputs = {value.name: _described(value) for value in graph.output}
    batch = inputs["patches"][1][0] if inputs.get("patches", ("", []))[1] else "N"
    size = recipe.patch.size_px
    expected_in = {"patches": ("UINT8", [batch, size, size])}
    expected_out = {"scores": ("FLOAT", [batch]), "reconstructions": ("UINT8", [batch, size, size])}
    if recipe.scoring.method == "anomaly_map":
        expected_out["anomaly_maps"] = ("FLOAT", [batch, *[_map_size(outputs, size)] * 2])
    for kind, expected, found in (("inputs", expected_in, inputs), ("outputs", expected_out, outputs)):
        if expected != found:
            raise _signature(f"{kind} {expected}", f"{found}")
    if isinstance(batch, int):
        _check_batch(batch, recipe)


def _map_size(outputs: dict[str, tuple[str, list[Dimension]]], patch_size: int) -> Dimension:
    """Return the map's side where it is one that can be laid over a patch, else how that is written."""
    side = outputs.get("anomaly_maps", ("", ["N"]))[1][-1:]
    fits = side and isinstance(side[0], int) and side[0] > 0 and patch_size % side[0] == 0
    return side[0] if fits else f"a divisor of {patch_size}"


def _check_batch(batch: int, recipe: Recipe) -> None:
    if batch < 1 or batch % recipe.patches_per_frame or recipe.patch_count % batch:
        frame, strip = recipe.patches_per_frame, recipe.patch_count
        raise _signature(f"N a multiple of a frame's {frame} that divides a strip's {strip}", f"N = {batch}")


def _described(value: ValueInfoProto) -> tuple[str, list[Dimension]]:
    tensor = value.type.tensor_type
    dimensions: list[Dimension] = [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim
    ]
    return TensorProto.DataType.Name(tensor.elem_type), dimensions


def _unsafe(expected: str, found: str) -> BundleGraphUnsafe:
    return BundleGraphUnsafe(
        f"inspect.onnx: expected {expected}, found {found}",
        field="inspect.onnx",
        expected=expected,
        found=found,
    )


def _signature(expected: str, found: str) -> BundleGraphSignature:
    return BundleGraphSignature(
        f"inspect.onnx: expected {expected}, found {found}",
        field="inspect.onnx",
        expected=expected,
        found=found,
    )
