"""1 - mean SSIM of uint8 patch pairs as an ONNX graph: quick on a CPU, float32, for any number of patches.

The measure is that of Wang et al. 2004 as scikit-image computes it with Gaussian weights: 11 x 11, sigma 1.5,
K1 0.01, K2 0.03, data range 255, population covariance, mean over the places where the window lies inside.

It is written in s = x + y and d = x - y. With a = mean(s)^2, b = mean(d)^2, p = var(s), q = var(d) a window,

    1 - SSIM = 2 (u + v - 2 u v),    u = b / (a + b + 2 C1),    v = q / (p + q + 2 C2),

which needs four filtered maps (s, d, s^2, d^2) and loses no digits where a reconstruction is nearly perfect.
Two further choices keep float32 close to float64. Grey levels stay integers and each patch's mean is taken
off before squaring, since mean(d^2) - mean(d)^2 cancels. And the mean over the map is taken in two steps: one
running sum of 60516 numbers near 1 is off by 1e-4.

The patches are the channels of a few images of LANES channels: one grouped convolution a patch is ten times
slower, and a convolution needs a number of channels that is known beforehand, so the batch is padded.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, parser

RADIUS = 5
SIGMA = 1.5
C1 = 0.01**2  # for grey in [0, 1], as C2
C2 = 0.03**2
LANES = 16


def gaussian() -> NDArray[np.float32]:
    """Return the 11 weights of the filter along one axis; they add up to 1."""
    offsets = np.arange(-RADIUS, RADIUS + 1)
    weights: NDArray[np.float64] = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    weights /= weights.sum()
    return weights.astype(np.float32)


def score_graph(patch_size: int, *, left: str, right: str, scores: str) -> onnx.GraphProto:
    """Return the graph that compares two batches of patches, with its inputs and its output named as asked.

    `left`, `right` are uint8 [N, P, P] and `scores` is float32 [N], 0 for equal patches, at most 2. Raises
    ValueError for patches smaller than the filter.
    """
    p = patch_size
    if p < 2 * RADIUS + 1:
        raise ValueError(f"patches of {p} px are smaller than the {2 * RADIUS + 1} px filter")
    text = f"ssim (uint8[N,{p},{p}] {left}, uint8[N,{p},{p}] {right}) => (float[N] {scores}) {{"
    graph = parser.parse_graph("\n".join([text, _lanes(p, left, right), _moments(), _losses(scores), "}"]))
    graph.initializer.extend(_constants())
    return graph


def _lanes(p: int, left: str, right: str) -> str:
    """[N, P, P] -> [ceil(N / LANES), LANES, P, P], lanes past N black; s and d, their squares."""
    return f"""
        none = Constant<value_ints = [0]>()
        lanes = Constant<value_ints = [{LANES}]>()
        count = Shape<start = 0, end = 1>({left})
        negative = Neg(count)
        missing = Mod(negative, lanes)
        pads = Concat<axis = 0>(none, none, none, missing, none, none)
        layout = Constant<value_ints = [-1, {LANES}, {p}, {p}]>()
        left_padded = Pad({left}, pads)
        left_lanes = Reshape(left_padded, layout)
        left_grey = Cast<to = {onnx.TensorProto.FLOAT}>(left_lanes)
        right_padded = Pad({right}, pads)
        right_lanes = Reshape(right_padded, layout)
        right_grey = Cast<to = {onnx.TensorProto.FLOAT}>(right_lanes)

        sum = Add(left_grey, right_grey)
        sum_mean = ReduceMean(sum, both_axes)
        sum_level = Round(sum_mean)
        s = Sub(sum, sum_level)
        difference = Sub(left_grey, right_grey)
        difference_mean = ReduceMean(difference, both_axes)
        difference_level = Round(difference_mean)
        d = Sub(difference, difference_level)
        ss = Mul(s, s)
        dd = Mul(d, d)"""


def _moments() -> str:
    """The four maps filtered in two passes: [_, LANES, P, P] -> [_, LANES, P - 10, P - 10]."""
    return "\n".join(
        f"{name}_columns = Conv<group = {LANES}>({name}, down)\n"
        f"{name}_mean = Conv<group = {LANES}>({name}_columns, across)"
        for name in ("s", "d", "ss", "dd")
    )


def _losses(scores: str) -> str:
    return f"""
        s_full = Add(s_mean, sum_level)
        a = Mul(s_full, s_full)
        d_full = Add(d_mean, difference_level)
        b = Mul(d_full, d_full)
        s_squared = Mul(s_mean, s_mean)
        p = Sub(ss_mean, s_squared)
        d_squared = Mul(d_mean, d_mean)
        q = Sub(dd_mean, d_squared)
        ab = Add(a, b)
        ab_c1 = Add(ab, c1_twice)
        u = Div(b, ab_c1)
        pq = Add(p, q)
        pq_c2 = Add(pq, c2_twice)
        v = Div(q, pq_c2)

        uv = Mul(u, v)
        uv_twice = Add(uv, uv)
        u_and_v = Add(u, v)
        half_loss = Sub(u_and_v, uv_twice)
        row_means = ReduceMean<keepdims = 0>(half_loss, last_axis)
        half_means = ReduceMean<keepdims = 0>(row_means, row_axis)
        lane_scores = Add(half_means, half_means)
        all = Constant<value_ints = [-1]>()
        padded_scores = Reshape(lane_scores, all)
        {scores} = Slice(padded_scores, none, count)"""


def _constants() -> list[onnx.TensorProto]:
    taps = gaussian()
    arrays = {
        "down": np.tile(taps.reshape(1, 1, -1, 1), (LANES, 1, 1, 1)),
        "across": np.tile(taps.reshape(1, 1, 1, -1), (LANES, 1, 1, 1)),
        "c1_twice": np.float32(2 * C1 * 255**2),
        "c2_twice": np.float32(2 * C2 * 255**2),
        "both_axes": np.array([2, 3]),
        "last_axis": np.array([3]),
        "row_axis": np.array([2]),
    }
    return [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]
