"""Spread of scores against margins, with real sessions on real graphs."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import helper

from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.determinism import Condition, determinism, providers_here, repeated_scores

SIZE = 32


def noisy_graph() -> bytes:
    """A graph that adds noise of up to 0.01 to a score of 0 to 1: what a broken kernel would look like."""
    patches = helper.make_tensor_value_info("patches", onnx.TensorProto.UINT8, ["N", SIZE, SIZE])
    scores = helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, ["N"])
    redrawn = helper.make_tensor_value_info("reconstructions", onnx.TensorProto.UINT8, ["N", SIZE, SIZE])
    nodes = [
        helper.make_node("Cast", ["patches"], ["grey"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey", "axes"], ["mean"], keepdims=0),
        helper.make_node("RandomUniformLike", ["mean"], ["noise"], low=0.0, high=2.55),
        helper.make_node("Add", ["mean", "noise"], ["sum"]),
        helper.make_node("Div", ["sum", "most"], ["scores"]),
        helper.make_node("Identity", ["patches"], ["reconstructions"]),
    ]
    constants = [
        helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [1, 2]),
        helper.make_tensor("most", onnx.TensorProto.FLOAT, [], [255.0]),
    ]
    graph = helper.make_graph(nodes, "noisy", [patches], [scores, redrawn], constants)
    opset = helper.make_opsetid("", 18)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString()


@pytest.fixture(scope="module")
def patches() -> np.ndarray:
    """Eight patches of noise."""
    return np.random.default_rng(1).integers(0, 256, (8, SIZE, SIZE), np.uint8)


def test_a_real_graph_repeats_itself(graph: Callable[[int], bytes], patches: np.ndarray) -> None:
    """Over repeats and thread counts a small graph's scores stay within a rounding."""
    conditions, spreads = repeated_scores(graph(SIZE), patches, threads=(1, 2), repeats=3)
    assert [(each.provider, each.threads, each.repeats) for each in conditions][:2] == [("cpu", 1, 3), ("cpu", 2, 3)]
    assert spreads.shape == (8,)
    assert spreads.max() < 1e-6


def test_a_graph_that_does_not_repeat_itself_is_found(patches: np.ndarray) -> None:
    """Noise in the scores shows as a spread in each condition, and the whole is at least as wide as any."""
    conditions, spreads = repeated_scores(noisy_graph(), patches, threads=(1, 2), repeats=4, providers=["cpu"])
    assert all(0 < each.spread < 0.01 for each in conditions)
    assert spreads.max() >= max(each.spread for each in conditions)


def test_the_providers_of_this_machine_start_with_the_cpu(graph: Callable[[int], bytes]) -> None:
    """CUDA is only named where a session runs on it."""
    assert providers_here(graph(SIZE), SIZE)[0] == "cpu"


def test_margins_by_hand(kit_of: Callable[..., KitScores]) -> None:
    """Two regions, two frames. What decides is each acquisition's largest score less its threshold: -0.2, 0.02, 0.3."""
    kit = kit_of([[0.1, 0.3, 0.3, 0.4], [0.1, 0.92, 0.1, 0.2], [0.8, 0.1, 0.499, 0.1]], ["", "", "spot"])
    found = determinism((Condition("cpu", 1, 2, 0.01),), np.array([0.01, 0.025]), kit, (0.5, 0.9))
    assert found.spread == 0.025
    assert found.nearest_margin == pytest.approx(0.02)
    assert found.nearest_patch_margin == pytest.approx(0.001)
    assert (found.verdicts_within, found.acquisitions) == (1, 3)
    assert found.passed(0.025, 1)
    assert not found.passed(0.025, 0)
    assert not found.passed(0.024, 1)


def test_scores_that_are_not_numbers_do_not_pass(kit_of: Callable[..., KitScores]) -> None:
    """NaN is no spread within a limit."""
    found = determinism((), np.array([0.0, np.nan]), kit_of([[0.1]], [""]), (0.5,))
    assert not found.passed(1.0, 1)
