"""What an inspect.onnx may hold, and what goes in and comes out."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from stripsight.errors import BundleGraphSignature, BundleGraphUnsafe
from stripsight.graph import check_fuse_graph, check_graph
from stripsight.recipe import Recipe, ScoringSpec

Change = Callable[[ModelProto], object]


@pytest.fixture
def model(graph: Callable[[int], bytes], strip_recipe: Recipe) -> ModelProto:
    """A sound graph, to be changed in one place."""
    return onnx.load_model_from_string(graph(strip_recipe.patch.size_px))


def set_batch(model: ModelProto, batch: int | str) -> None:
    """Give N a number or a name in every input and output."""
    for value in (*model.graph.input, *model.graph.output):
        dim = value.type.tensor_type.shape.dim[0]
        if isinstance(batch, int):
            dim.dim_value = batch
        else:
            dim.dim_param = batch


def add_opset(model: ModelProto, domain: str, version: int) -> None:
    """Ask for one more operator set."""
    model.opset_import.append(helper.make_opsetid(domain, version))


def custom_operator(model: ModelProto) -> None:
    """A node of another domain, whose operator set the model does not even name."""
    model.graph.node.append(helper.make_node("Run", ["patches"], ["ran"], domain="com.example"))


def subgraph(model: ModelProto) -> None:
    """An If with branches."""
    inner = helper.make_graph([], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["d"], then_branch=inner, else_branch=inner))


def function(model: ModelProto) -> None:
    """A function of the model's own."""
    node = helper.make_node("Neg", ["a"], ["b"])
    model.functions.append(helper.make_function("own", "F", ["a"], ["b"], [node], [helper.make_opsetid("", 18)]))


def external_weights(model: ModelProto) -> None:
    """Weights in another file."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def external_constant(model: ModelProto) -> None:
    """A constant in another file."""
    tensor = numpy_helper.from_array(np.zeros(2, np.float32), "constant")
    tensor.external_data.add(key="location", value="weights.bin")
    model.graph.node.append(helper.make_node("Constant", [], ["k"], value=tensor))


def external_sparse(model: ModelProto) -> None:
    """A sparse weight in another file."""
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(numpy_helper.from_array(np.zeros(1, np.float32), "sparse"))
    sparse.values.data_location = TensorProto.EXTERNAL


def training(model: ModelProto) -> None:
    """Something to train with."""
    model.training_info.add()


def dangling(model: ModelProto) -> None:
    """A node whose input nobody makes."""
    model.graph.node.append(helper.make_node("Neg", ["nowhere"], ["lost"]))


@pytest.mark.parametrize("batch", ["N", "patches"])
def test_a_sound_graph_passes(batch: str, model: ModelProto, strip_recipe: Recipe) -> None:
    """N is open, whatever it is called."""
    set_batch(model, batch)
    check_graph(model.SerializeToString(), strip_recipe)


@pytest.mark.parametrize("batch", [0, 1, 20, 60, ""])
def test_n_is_open(batch: int | str, model: ModelProto, strip_recipe: Recipe) -> None:
    """A fixed N is refused, even a frame's or a strip's, and so is an axis that has no name to be the same by."""
    set_batch(model, batch)
    with pytest.raises(BundleGraphSignature, match=r"expected inputs .*'N', 32, 32"):
        check_graph(model.SerializeToString(), strip_recipe)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (custom_operator, "Run of domain com.example"),
        (lambda model: add_opset(model, "com.example", 1), "com.example"),
        (lambda model: model.opset_import[0].__setattr__("version", 17), "opset 18, found .*17"),
        (lambda model: model.__setattr__("ir_version", 11), "IR version at most 10, found 11"),
        (subgraph, "no subgraphs, found If"),
        (function, "model functions"),
        (training, "training information"),
        (external_weights, "weights inside the file, found external data for"),
        (external_constant, "weights inside the file, found external data for constant"),
        (external_sparse, "weights inside the file, found external data for sparse"),
        (dangling, "a valid ONNX model"),
    ],
)
def test_more_than_operators_and_weights_is_refused(
    change: Change, words: str, model: ModelProto, strip_recipe: Recipe
) -> None:
    """Other operators, subgraphs, functions, versions and files are refused before the graph is loaded."""
    change(model)
    with pytest.raises(BundleGraphUnsafe, match=rf"inspect.onnx: expected .*{words}"):
        check_graph(model.SerializeToString(), strip_recipe)


def with_maps(model: ModelProto, *shape: int | str) -> bytes:
    """The graph with an output `anomaly_maps` of this shape after the batch axis."""
    batch = model.graph.output[0].type.tensor_type.shape.dim[0].dim_param
    model.graph.output.append(helper.make_tensor_value_info("anomaly_maps", TensorProto.FLOAT, [batch, *shape]))
    model.graph.node.append(helper.make_node("Identity", ["maps"], ["anomaly_maps"]))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 1, 1), np.float32), "maps"))
    return model.SerializeToString()


def by_map(recipe: Recipe) -> Recipe:
    """The recipe, scoring by anomaly map."""
    return recipe.model_copy(update={"scoring": ScoringSpec(method="anomaly_map")})


def test_a_recipe_that_scores_by_map_needs_maps(model: ModelProto, strip_recipe: Recipe) -> None:
    """Maps that can be laid over a patch pass where the recipe asks for them, and only there."""
    with pytest.raises(BundleGraphSignature, match="'anomaly_maps': "):
        check_graph(model.SerializeToString(), by_map(strip_recipe))
    graph = with_maps(model, 8, 8)
    check_graph(graph, by_map(strip_recipe))
    with pytest.raises(BundleGraphSignature, match=r"found .*'anomaly_maps'"):
        check_graph(graph, strip_recipe)


@pytest.mark.parametrize("shape", [(7, 7), (8, 4), (8,), ("h", "w"), (0, 0)])
def test_maps_that_do_not_fit_over_a_patch_are_refused(
    shape: tuple[int | str, ...], model: ModelProto, strip_recipe: Recipe
) -> None:
    """A side that does not divide the patch's, or differs from the other, or is open."""
    with pytest.raises(BundleGraphSignature, match="anomaly_maps"):
        check_graph(with_maps(model, *shape), by_map(strip_recipe))


def retyped(model: ModelProto) -> None:
    """Scores in double precision."""
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def another_size(model: ModelProto) -> None:
    """Patches of another size."""
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 33


@pytest.mark.parametrize(
    "change",
    [
        retyped,
        another_size,
        lambda model: model.graph.output.pop(),
        lambda model: model.graph.input[0].__setattr__("name", "x"),
        lambda model: model.graph.input.append(helper.make_tensor_value_info("extra", TensorProto.FLOAT, [1])),
        lambda model: model.graph.input[0].type.tensor_type.shape.dim.pop(),
        lambda model: model.graph.input[0].type.tensor_type.ClearField("shape"),
        lambda model: model.graph.output[0].type.tensor_type.shape.dim[0].__setattr__("dim_param", "M"),
    ],
    ids=["type", "size", "output gone", "name", "input more", "dimension gone", "no shape", "another N"],
)
def test_another_signature_is_refused(change: Change, model: ModelProto, strip_recipe: Recipe) -> None:
    """Names, types and shapes of inputs and outputs are exactly those of the contract."""
    change(model)
    with pytest.raises(BundleGraphSignature, match=r"inspect.onnx: expected (in|out)puts .*, found "):
        check_graph(model.SerializeToString(), strip_recipe)


@pytest.mark.parametrize("graph", [b"", b"not a graph", b"\x08\x0a"])
def test_bytes_that_are_no_graph(graph: bytes, strip_recipe: Recipe) -> None:
    """Bytes that are no ONNX model, or an empty one, are refused."""
    with pytest.raises(BundleGraphUnsafe, match=r"inspect.onnx: expected"):
        check_graph(graph, strip_recipe)


@pytest.fixture
def fuse(fuse_of: Callable[..., bytes]) -> ModelProto:
    """A graph that fuses the maps of a strip of 60 patches, each 8 x 8."""
    return onnx.load_model_from_string(fuse_of("Identity(frame_maps)", 60, 8))


def test_a_sound_fusing_graph_passes(fuse: ModelProto, model: ModelProto, strip_recipe: Recipe) -> None:
    """Beside a graph that gives maps of its side, for a recipe that scores by them."""
    check_fuse_graph(fuse.SerializeToString(), with_maps(model, 8, 8), by_map(strip_recipe))


def test_without_maps_there_is_nothing_to_fuse(fuse: ModelProto, model: ModelProto, strip_recipe: Recipe) -> None:
    """A recipe that scores by the mean has no fusing graph."""
    with pytest.raises(BundleGraphSignature, match=r"fuse.onnx: expected no such file where scoring is by mean_ssim"):
        check_fuse_graph(fuse.SerializeToString(), model.SerializeToString(), strip_recipe)


@pytest.mark.parametrize(("strip", "side"), [(20, 8), (120, 8), (60, 4), (60, 16)])
def test_a_fusing_graph_of_another_strip_or_side_is_refused(
    strip: int, side: int, fuse_of: Callable[..., bytes], model: ModelProto, strip_recipe: Recipe
) -> None:
    """It takes all patches of a strip, with maps of the side that the inspection graph gives."""
    fuse = fuse_of("Identity(frame_maps)", strip, side)
    with pytest.raises(BundleGraphSignature, match=r"fuse.onnx: expected inputs .*\[60, 8, 8\]"):
        check_fuse_graph(fuse, with_maps(model, 8, 8), by_map(strip_recipe))


@pytest.mark.parametrize(
    "change",
    [
        lambda fuse: fuse.graph.output.pop(),
        lambda fuse: fuse.graph.input[0].__setattr__("name", "maps"),
        lambda fuse: fuse.graph.output[1].type.tensor_type.__setattr__("elem_type", TensorProto.DOUBLE),
        lambda fuse: fuse.graph.input[0].type.tensor_type.shape.dim[0].__setattr__("dim_param", "S"),
    ],
    ids=["output gone", "name", "type", "open strip"],
)
def test_a_fusing_graph_of_another_signature_is_refused(
    change: Change, fuse: ModelProto, model: ModelProto, strip_recipe: Recipe
) -> None:
    """Names, types and shapes are exactly those of the contract."""
    change(fuse)
    with pytest.raises(BundleGraphSignature, match=r"fuse.onnx: expected (in|out)puts .*, found "):
        check_fuse_graph(fuse.SerializeToString(), with_maps(model, 8, 8), by_map(strip_recipe))


@pytest.mark.parametrize("change", [custom_operator, function, external_constant])
def test_a_fusing_graph_is_as_safe_as_the_other(
    change: Change, fuse: ModelProto, model: ModelProto, strip_recipe: Recipe
) -> None:
    """Other operators, functions and files are refused here too, and bytes that are no graph."""
    maps = with_maps(model, 8, 8)
    change(fuse)
    for wrong in (fuse.SerializeToString(), b"not a graph"):
        with pytest.raises(BundleGraphUnsafe, match=r"fuse.onnx: expected"):
            check_fuse_graph(wrong, maps, by_map(strip_recipe))
