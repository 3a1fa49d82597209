"""The float64 that GPUs are held against."""

import numpy as np
import onnx
from onnx import parser
from stripbench.exact import graph_scores, widened

# A third has no exact float32, so float32 arithmetic shows.
GRAPH = parser.parse_model("""
    <ir_version: 10, opset_import: ["" : 18]>
    g (uint8[N,P,P] patches) => (float[N] scores) <float[1] third = {0.33333334}> {
        axes = Constant<value_ints = [1, 2]>()
        seventh = Constant<value_float = 0.14285715>()
        grey = Cast<to = 1>(patches)
        less = Mul(grey, third)
        least = Mul(less, seventh)
        scores = ReduceMean<keepdims = 0>(least, axes)
    }""")


def test_a_graph_is_worked_out_in_float64() -> None:
    """Constants are those of the float32 graph, and every step from them on is exact to 1e-12."""
    patches = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
    third, seventh = np.float64(np.float32(0.33333334)), np.float64(np.float32(0.14285715))
    found = graph_scores(GRAPH, patches)
    assert found.dtype == np.float64
    assert np.allclose(found, (patches * third * seventh).mean(axis=(1, 2)), rtol=1e-12, atol=0)
    assert not np.allclose(found.astype(np.float32), found, rtol=1e-12, atol=0)


def test_the_graph_itself_stays() -> None:
    """Widening works on a copy, which is a valid model."""
    before = GRAPH.SerializeToString()
    onnx.checker.check_model(widened(GRAPH))
    assert GRAPH.SerializeToString() == before
