"""Checks inspect.onnx and fuse.onnx before anything runs them: what they may hold, what goes in and comes out."""

from collections.abc import Iterator
from dataclasses import dataclass

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, ValueInfoProto

from stripsight.errors import BundleGraphSignature, BundleGraphUnsafe
from stripsight.recipe import Recipe

OPSET = 18
IR_VERSION_MAX = 10

INSPECT = "inspect.onnx"
FUSE = "fuse.onnx"
MAPS = "anomaly_maps"

Dimension = int | str
Described = tuple[str, list[Dimension]]
Values = dict[str, Described]


def check_graph(graph: bytes, recipe: Recipe) -> None:
    """Check that `graph` is safe to load and inspects patches of this recipe, any number of them.

    Safe: standard operators of opset 18, IR at most 10, no functions, no subgraphs, no data outside the file.
    Signature: `patches` uint8 [N, P, P] to `scores` float32 [N] and `reconstructions` uint8 [N, P, P], with N open;
    where the recipe scores by `anomaly_map` also `anomaly_maps` float32 [N, M, M], M a divisor of P. Raises
    BundleGraphUnsafe or BundleGraphSignature.
    """
    model = _safe(graph, INSPECT)
    found, size = _Signature.of(model.graph), recipe.patch.size_px
    batch = _batch(found)
    outputs: Values = {"scores": ("FLOAT", [batch]), "reconstructions": ("UINT8", [batch, size, size])}
    if recipe.scoring.method == "anomaly_map":
        outputs[MAPS] = ("FLOAT", [batch, *[_map_size(found.outputs, size)] * 2])
    _compare(INSPECT, _Signature({"patches": ("UINT8", [batch, size, size])}, outputs), found)
    _check_valid(graph, INSPECT)


def check_fuse_graph(fuse: bytes, graph: bytes, recipe: Recipe) -> None:
    """Check that `fuse` is as safe as `graph`, the bundle's inspect.onnx, and fuses the maps that comes out of it.

    Signature: `frame_maps` float32 [S, M, M], a strip's, to `anomaly_maps` float32 [S, M, M] and `scores` float32 [S];
    S is the recipe's number of patches and M the side of the maps of `graph`. A recipe that scores by `mean_ssim` has
    no maps to fuse. Raises BundleGraphUnsafe or BundleGraphSignature.
    """
    if recipe.scoring.method != "anomaly_map":
        raise _signature(FUSE, "no such file where scoring is by mean_ssim", "one")
    model, strip = _safe(fuse, FUSE), recipe.patch_count
    side = _Signature.of(onnx.load_model_from_string(graph).graph).outputs[MAPS][1][-1]
    maps: Described = ("FLOAT", [strip, side, side])
    expected = _Signature({"frame_maps": maps}, {MAPS: maps, "scores": ("FLOAT", [strip])})
    _compare(FUSE, expected, _Signature.of(model.graph))
    _check_valid(fuse, FUSE)


def _safe(graph: bytes, file: str) -> ModelProto:
    """Parse a graph and check what it is made of."""
    try:
        model = onnx.load_model_from_string(graph)
    except Exception as error:  # protobuf's DecodeError, which this module does not import
        raise _unsafe(file, "an ONNX model", f"{len(graph)} bytes that are none") from error
    _check_versions(model, file)
    _check_contents(model, file)
    return model


def _check_versions(model: ModelProto, file: str) -> None:
    if not 1 <= model.ir_version <= IR_VERSION_MAX:
        raise _unsafe(file, f"IR version at most {IR_VERSION_MAX}", str(model.ir_version))
    opsets = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
    if opsets != {"ai.onnx": OPSET}:
        raise _unsafe(file, f"only the standard operators, opset {OPSET}", f"{opsets}")


def _check_contents(model: ModelProto, file: str) -> None:
    if model.functions or model.training_info:
        raise _unsafe(file, "a plain graph", "model functions or training information")
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise _unsafe(file, "only standard operators", f"{node.op_type} of domain {node.domain}")
        if any(a.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for a in node.attribute):
            raise _unsafe(file, "no subgraphs", f"{node.op_type} with one")
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise _unsafe(file, "weights inside the file", f"external data for {tensor.name or 'a constant'}")


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)


@dataclass(frozen=True)
class _Signature:
    inputs: Values
    outputs: Values

    @classmethod
    def of(cls, graph: GraphProto) -> "_Signature":
        constants = {tensor.name for tensor in graph.initializer}
        return cls(
            {value.name: _described(value) for value in graph.input if value.name not in constants},
            {value.name: _described(value) for value in graph.output},
        )


def _compare(file: str, expected: _Signature, found: _Signature) -> None:
    for kind in ("inputs", "outputs"):
        if getattr(expected, kind) != getattr(found, kind):
            raise _signature(file, f"{kind} {getattr(expected, kind)}", f"{getattr(found, kind)}")


def _check_valid(graph: bytes, file: str) -> None:
    try:
        onnx.checker.check_model(graph)
    except Exception as error:  # the checker's own, or one about its message, which quotes the file
        raise _unsafe(file, "a valid ONNX model", str(error).partition("\n")[0]) from error


def _batch(found: _Signature) -> Dimension:
    """Return the name of the open axis, or how one is written where there is none."""
    axes = found.inputs.get("patches", ("", []))[1]
    return axes[0] if axes and isinstance(axes[0], str) and axes[0] else "N"


def _map_size(outputs: Values, patch_size: int) -> Dimension:
    """Return the map's side where it is one that can be laid over a patch, else how that is written."""
    side = outputs.get(MAPS, ("", ["N"]))[1][-1:]
    fits = side and isinstance(side[0], int) and side[0] > 0 and patch_size % side[0] == 0
    return side[0] if fits else f"a divisor of {patch_size}"


def _described(value: ValueInfoProto) -> Described:
    tensor = value.type.tensor_type
    dimensions: list[Dimension] = [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim
    ]
    known = tensor.elem_type in TensorProto.DataType.values()
    return TensorProto.DataType.Name(tensor.elem_type) if known else f"type {tensor.elem_type}", dimensions


def _unsafe(file: str, expected: str, found: str) -> BundleGraphUnsafe:
    message = f"{file}: expected {expected}, found {found}"
    return BundleGraphUnsafe(message, field=file, expected=expected, found=found)


def _signature(file: str, expected: str, found: str) -> BundleGraphSignature:
    message = f"{file}: expected {expected}, found {found}"
    return BundleGraphSignature(message, field=file, expected=expected, found=found)
