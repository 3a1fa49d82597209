"""Weights stored in fewer bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.compact import Kind, compact

Formula = Callable[..., onnx.ModelProto]

SIZE = 32
PIXELS = SIZE * SIZE
BODY = f"""
    shape = Constant<value_ints = [-1, {PIXELS}]>()
    flat = Reshape(x, shape)
    features = Gemm<transB = 1>(flat, basis)
    redrawn = Gemm(features, basis, mean)
    image = Constant<value_ints = [-1, 1, {SIZE}, {SIZE}]>()
    linear = Reshape(redrawn, image)
    y = Conv<pads = [1, 1, 1, 1]>(linear, filters)
"""


@pytest.fixture
def weights() -> dict[str, NDArray[np.float32]]:
    """Return a basis whose rows shrink, a mean and a filter that changes nothing."""
    rng = np.random.default_rng(5)
    basis = np.linalg.qr(rng.normal(size=(PIXELS, 64)))[0].T * np.geomspace(1, 0.1, 64)[:, None]
    filters = np.zeros((1, 1, 3, 3))
    filters[0, 0, 1, 1] = 1
    arrays = {"basis": basis, "mean": rng.uniform(0.3, 0.7, PIXELS), "filters": filters}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@pytest.fixture
def model(formula: Formula, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """Return the inspection graph of a basis and a filter."""
    return assemble(formula(SIZE, BODY, **weights), patch_size=SIZE)


@pytest.mark.parametrize(("kind", "share"), [("float16", 0.5), ("int8", 0.25)])
def test_file_shrinks_and_the_drawing_stays(model: onnx.ModelProto, kind: Kind, share: float) -> None:
    """Large weights take half or a quarter of the bytes; pixels move by a level at most, scores by 1e-3."""
    small = compact(model, min_elements=PIXELS * 4, kind=kind)
    saved = len(model.SerializeToString()) - len(small.SerializeToString())
    assert saved == pytest.approx((1 - share) * 4 * 64 * PIXELS, rel=0.01)
    batch = np.random.default_rng(6).integers(0, 256, (8, SIZE, SIZE), dtype=np.uint8)
    before, after = (
        Engine(graph.SerializeToString(), threads=1, patch_size=SIZE).infer(batch) for graph in (model, small)
    )
    steps = np.abs(before.reconstructions.astype(int) - after.reconstructions)
    assert steps.sum() > 0
    assert steps.max() <= 1
    np.testing.assert_allclose(after.scores, before.scores, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_widening_costs_nothing_per_run(model: onnx.ModelProto, kind: Kind, tmp_path: Path) -> None:
    """Once loaded, the graph has the operators that it had with float32 weights: no run widens them."""

    def loaded(graph: onnx.ModelProto) -> list[str]:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
        onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return sorted(node.op_type for node in onnx.load(tmp_path / "loaded.onnx").graph.node)

    assert loaded(compact(model, min_elements=PIXELS, kind=kind)) == loaded(model)


def test_small_weights_are_kept(model: onnx.ModelProto) -> None:
    """Nothing below the limit is touched: mean images, convolutions and the score's filter stay exact."""
    small = compact(model, min_elements=64 * PIXELS)
    kept = {tensor.name: tensor.data_type for tensor in small.graph.initializer}
    assert kept["network_basis_float16"] == onnx.TensorProto.FLOAT16
    assert kept["network_mean"] == kept["network_filters"] == kept["down"] == onnx.TensorProto.FLOAT


def test_int8_has_a_scale_for_each_row(formula: Formula) -> None:
    """A row of small weights keeps its digits beside one of large ones; a row of zeros stays zero."""
    rows = np.array([[100.0, -50.0], [0.001, 0.0004], [0.0, 0.0]], np.float32)
    small = compact(formula(SIZE, "y = Relu(x)", rows=rows), min_elements=1, kind="int8")
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in small.graph.initializer}
    widened = stored["rows_int8"] * stored["rows_scale"]
    np.testing.assert_allclose(widened, rows, rtol=0.01)


def test_filters_have_a_scale_each(formula: Formula) -> None:
    """A row of a convolution is a whole filter."""
    filters = np.random.default_rng(2).normal(size=(6, 3, 5, 5)).astype(np.float32)
    small = compact(formula(SIZE, "y = Relu(x)", filters=filters), min_elements=1, kind="int8")
    scale = next(tensor for tensor in small.graph.initializer if tensor.name == "filters_scale")
    assert list(scale.dims) == [6, 1, 1, 1]


def test_weight_too_large_for_float16_is_refused(formula: Formula) -> None:
    """Nothing turns into infinity unnoticed."""
    generator = formula(SIZE, "y = Add(x, large)", large=np.full(4, 1e5, np.float32))
    with pytest.raises(ValueError, match="large: does not fit"):
        compact(generator, min_elements=1)


def test_limit_is_above_a_strips_mean_images(model: onnx.ModelProto) -> None:
    """By default only weights as large as a basis of whole patches are narrowed."""
    assert compact(model, kind="int8").graph.initializer == model.graph.initializer


def test_original_is_left_alone(model: onnx.ModelProto) -> None:
    """Compacting gives a new model."""
    before = model.SerializeToString()
    compact(model, min_elements=1)
    assert model.SerializeToString() == before
