"""The inspection graph around a generator."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from stripsight.engine import Engine
from stripsight.errors import EngineError
from stripsight.graph import check_graph
from stripsight.recipe import load_recipe
from stripsight_lab.graph.assemble import assemble, map_side
from stripsight_lab.graph.fuse import Fusion

Formula = Callable[..., onnx.ModelProto]
Reference = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float64]]

SIZE = 32
RECIPE = Path(__file__).parents[3] / "models" / "recipes" / "bfs-5x4-mean-ssim.toml"
SMOOTH = "AveragePool<kernel_shape = [5, 5], pads = [2, 2, 2, 2]>(x)"


def engine(generator: onnx.ModelProto, size: int = SIZE) -> Engine:
    """Assemble and load."""
    return Engine(assemble(generator, patch_size=size).SerializeToString(), threads=1, patch_size=size)


def patches(count: int, size: int = SIZE) -> NDArray[np.uint8]:
    """Noise, uint8 [count, size, size]."""
    return np.random.default_rng(count).integers(0, 256, (count, size, size), dtype=np.uint8)


def test_service_accepts_the_graph(formula: Formula) -> None:
    """The graph passes the check that a bundle's graph goes through."""
    graph = assemble(formula(256, f"y = {SMOOTH}"), patch_size=256)
    check_graph(graph.SerializeToString(), load_recipe(RECIPE.read_bytes()))


def test_reconstructions_are_rounded_and_clipped(formula: Formula) -> None:
    """The generator sees grey / 255; what it draws outside 0 .. 1 is clipped, the rest rounded to a level."""
    body = """
        gain = Constant<value_float = 1.3>()
        low = Constant<value_float = 0.2>()
        stretched = Mul(x, gain)
        y = Sub(stretched, low)"""
    batch = patches(3)
    expected = np.clip(batch * 1.3 - 0.2 * 255, 0, 255)
    found = engine(formula(SIZE, body)).infer(batch).reconstructions
    assert np.abs(found - expected).max() <= 0.5 + 1e-4
    assert found.min() == 0
    assert found.max() == 255


def test_score_can_be_recomputed_from_the_outputs(formula: Formula, reference: Reference) -> None:
    """The score is that of the uint8 pair: whoever holds patch and reconstruction can check it."""
    batch = patches(5)
    inference = engine(formula(SIZE, f"y = {SMOOTH}")).infer(batch)
    expected = reference(batch, inference.reconstructions)
    np.testing.assert_allclose(inference.scores, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [1, 4, 16, 20, 60])
def test_score_does_not_depend_on_the_batch(formula: Formula, count: int) -> None:
    """A patch scores the same alone, in one frame or in all, at any place of the batch."""
    runs = engine(formula(SIZE, f"y = {SMOOTH}"))
    batch = patches(60)
    together = runs.infer(batch)
    order = np.random.default_rng(count).permutation(60)
    for start in range(0, 60, count):
        chosen = order[start : start + count]
        part = runs.infer(batch[chosen])
        np.testing.assert_allclose(part.scores, together.scores[chosen], rtol=0, atol=2e-5)
        np.testing.assert_array_equal(part.reconstructions, together.reconstructions[chosen])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixel_that_is_not_finite_makes_its_score_nan(formula: Formula, value: float) -> None:
    """A generator that breaks down on a patch earns no accept for it; its neighbours keep their scores."""
    spoilt = np.zeros((3, 1, SIZE, SIZE), np.float32)
    spoilt[1, 0, 4, 5] = value
    scores = engine(formula(SIZE, "y = Add(x, spoilt)", spoilt=spoilt)).infer(patches(3)).scores
    assert np.isfinite(scores).tolist() == [True, False, True]


MAPPED = """
    channel = Constant<value_ints = [1]>()
    y = Identity(x)
    pooled = MaxPool<kernel_shape = [8, 8], strides = [8, 8]>(x)
    m = Squeeze(pooled, channel)"""


def test_the_score_is_the_largest_value_of_the_map(formula: Formula) -> None:
    """A network that gives maps is scored by them, and the maps come out."""
    batch = patches(5)
    found = engine(formula(SIZE, MAPPED, side=4)).infer(batch)
    expected = batch.reshape(5, 4, 8, 4, 8).max(axis=(2, 4)) / 255
    np.testing.assert_allclose(found.anomaly_maps, expected, rtol=1e-6)
    np.testing.assert_allclose(found.scores, expected.max(axis=(1, 2)), rtol=1e-6)
    np.testing.assert_array_equal(found.reconstructions, batch)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["y", "m"])
def test_a_network_that_breaks_down_earns_no_accept(formula: Formula, place: str, value: float) -> None:
    """NaN or infinity in a redrawing or a map makes that patch's score NaN; its neighbours keep theirs."""
    spoilt = np.zeros((3, 1, SIZE, SIZE) if place == "y" else (3, 4, 4), np.float32)
    spoilt.flat[spoilt.size // 2] = value
    body = MAPPED.replace("y = Identity(x)", "y = Add(x, spoilt)") if place == "y" else MAPPED.replace("m =", "clean =")
    body += "" if place == "y" else "\n m = Add(clean, spoilt)"
    scores = engine(formula(SIZE, body, side=4, spoilt=spoilt)).infer(patches(3)).scores
    assert np.isfinite(scores).tolist() == [True, False, True]


def test_what_stays_over_the_frames_counts_more_and_what_moves_is_kept(formula: Formula) -> None:
    """Maps become max(map, gain * mean over the frames), place by place; a batch is a strip."""
    graph = assemble(formula(SIZE, MAPPED, side=4), patch_size=SIZE)
    fuse = Fusion(frames=3, patches_per_frame=2, gain=1.5).graph(map_side(graph)).SerializeToString()
    runs = Engine(graph.SerializeToString(), fuse=fuse, threads=1, patch_size=SIZE, patches_per_frame=2)
    batch = np.zeros((6, SIZE, SIZE), np.uint8)
    batch[[0, 2, 4], 2, 2] = 100  # patch 0 of each frame: it stays
    batch[3, 9, 17] = 255  # patch 1 of frame 1 only: it moves
    found = runs.infer(batch)
    assert found.anomaly_maps is not None
    assert found.scores * 255 == pytest.approx([150, 127.5, 150, 255, 150, 127.5], rel=1e-5)
    assert found.anomaly_maps[0, 0, 0] * 255 == pytest.approx(150, rel=1e-5)
    assert found.anomaly_maps[1, 1, 2] * 255 == pytest.approx(127.5, rel=1e-5)
    assert (found.anomaly_maps > 0).sum() == 6
    with pytest.raises(EngineError, match="multiple of 6"):
        runs.infer(batch[:4])


def test_maps_of_another_shape_are_refused(formula: Formula) -> None:
    """Maps are squares of a known side."""
    network = formula(SIZE, MAPPED, side=4)
    network.graph.output[1].type.tensor_type.shape.dim[2].dim_value = 2
    with pytest.raises(ValueError, match="after the batch axis"):
        assemble(network, patch_size=SIZE)


def test_generator_of_another_size_is_refused(formula: Formula) -> None:
    """The patch size of the generator has to be the recipe's."""
    with pytest.raises(ValueError, match="after the batch axis"):
        assemble(formula(SIZE, "y = Relu(x)"), patch_size=2 * SIZE)


def test_generator_of_another_opset_is_refused(formula: Formula) -> None:
    """Operators of other versions or domains do not get into a bundle."""
    generator = formula(SIZE, "y = Relu(x)")
    generator.opset_import[0].version = 17
    with pytest.raises(ValueError, match="opset 18"):
        assemble(generator, patch_size=SIZE)


def test_generator_with_functions_is_refused(formula: Formula) -> None:
    """A function could hold what the operator check does not look into."""
    generator = formula(SIZE, "y = Relu(x)")
    generator.functions.add(name="f", domain="d")
    with pytest.raises(ValueError, match="functions"):
        assemble(generator, patch_size=SIZE)


def test_generator_is_left_alone(formula: Formula) -> None:
    """Assembling does not change the generator that was passed."""
    generator = formula(SIZE, f"y = {SMOOTH}")
    before = generator.SerializeToString()
    assemble(generator, patch_size=SIZE)
    assert generator.SerializeToString() == before
