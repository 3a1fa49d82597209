"""Operations and bytes, against numbers worked out by hand."""

import pytest
from onnx import ModelProto, parser
from onnx.checker import check_model
from stripbench.folded import folded
from stripbench.operations import Work, work
from stripbench.report import Floors


def model(text: str) -> ModelProto:
    """Parse a graph of opset 18."""
    made = parser.parse_model(f'<ir_version: 10, opset_import: ["" : 18]> {text}')
    check_model(made)
    return made


def test_convolution() -> None:
    """3 x 3 over 4 channels in 2 groups of 2, on 6 x 6 without padding: 8 x 4 x 4 outputs of 18 products.

    2 * 5 * (8*4*4) * (2*3*3) operations; 5*4*6*6 and 8*2*3*3 and 5*8*4*4 float32.
    """
    found = work(model("g (float[5,4,6,6] x, float[8,2,3,3] w) => (float[5,8,4,4] y) { y = Conv<group = 2>(x, w) }"))
    assert found.flops == 2 * 5 * 128 * 18
    assert found.moved_bytes == 4 * (720 + 144 + 640)


def test_transposed_convolution() -> None:
    """Each of 3 x 2 x 2 inputs gives to 5 channels of 2 x 2."""
    found = work(
        model(
            "g (float[1,3,2,2] x, float[3,5,2,2] w) => (float[1,5,4,4] y) { y = ConvTranspose<strides = [2, 2]>(x, w) }"
        )
    )
    assert found.flops == 2 * 12 * 20
    assert found.moved_bytes == 4 * (12 + 60 + 80)


@pytest.mark.parametrize("product", ["MatMul(x, w)", "Gemm(x, w)", "Gemm<transB = 1>(x, v)"])
def test_matrix_product(product: str) -> None:
    """[6, 10] times [10, 7], or [7, 10] transposed: 42 outputs of 10 products."""
    found = work(model(f"g (float[6,10] x, float[10,7] w, float[7,10] v) => (float[6,7] y) {{ y = {product} }}"))
    assert found.flops == 2 * 42 * 10
    assert found.moved_bytes == 4 * (60 + 70 + 42)


def test_a_weight_is_read_once() -> None:
    """Two products by the same 2 x 2 weight move it once, and what is between them twice: written and read."""
    graph = model(
        "g (float[4,2] x) => (float[4,2] z) <float[2,2] w = {1, 2, 3, 4}> { y = MatMul(x, w)  z = MatMul(y, w) }"
    )
    assert work(graph) == Work(2 * (2 * 8 * 2), 4 * (8 + 4 + 8 + 8 + 8))


def test_what_follows_from_no_patch_is_a_weight() -> None:
    """A product of constants is worked out at loading, and an open N is the batch: 60 x 2 outputs of 2 products."""
    graph = model(
        "g (float[N,2] x) => (float[N,2] y) <float[2,2] a = {1, 2, 3, 4}> { w = MatMul(a, a)  y = MatMul(x, w) }"
    )
    assert work(folded(graph.SerializeToString(), 60)) == Work(2 * 120 * 2, 4 * (120 + 4 + 120))


def test_half_the_item_is_half_the_bytes() -> None:
    """float16 moves half of what float32 does."""
    text = "g ({0}[4,2] x, {0}[2,2] w) => ({0}[4,2] y) {{ y = MatMul(x, w) }}"
    half, whole = (work(model(text.format(kind))) for kind in ("float16", "float"))
    assert 2 * half.moved_bytes == whole.moved_bytes


def test_unknown_shape_is_refused_by_name() -> None:
    """A floor over a part of the graph would be none."""
    graph = model("g (float[4,K] x, float[K,2] w) => (float[4,2] y) { y = MatMul(x, w) }")
    with pytest.raises(ValueError, match="x: expected a shape"):
        work(graph)


def test_transposed_left_side_is_refused() -> None:
    """The inner length stands elsewhere there, and no graph of ours has it."""
    graph = model("g (float[10,6] x, float[10,7] w) => (float[6,7] y) { y = Gemm<transA = 1>(x, w) }")
    with pytest.raises(ValueError, match="Gemm of y"):
        work(graph)


def test_floor_is_the_larger_of_the_two() -> None:
    """1e10 operations at 1e11 a second take 100 ms, 2e9 bytes at 1e10 a second 200 ms: the floor is 200 ms."""
    floors = Floors(flops=10**10, moved_bytes=2 * 10**9, flops_per_s=1e11, bytes_per_s=1e10)
    assert (floors.arithmetic_ms, floors.memory_ms, floors.floor_ms) == (100, 200, 200)
