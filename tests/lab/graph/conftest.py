"""Generators to put a graph around, written in ONNX's text form."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper, parser
from skimage.metrics import structural_similarity

Generator = Callable[..., onnx.ModelProto]


@pytest.fixture
def formula() -> Generator:
    """A network from `body`, lines that make y, and maps m of `side`, out of x; with weights by name if any."""

    def build(size: int, body: str, side: int = 0, **weights: NDArray[np.float32]) -> onnx.ModelProto:
        maps = f", float[N,{side},{side}] m" if side else ""
        signature = f"(float[N,1,{size},{size}] x) => (float[N,1,{size},{size}] y{maps})"
        model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> g {signature} {{ {body} }}')
        tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
        model.graph.initializer.extend(tensors)
        return model

    return build


@pytest.fixture
def stored(formula: Generator) -> Callable[[NDArray[np.uint8]], onnx.ModelProto]:
    """A generator that redraws any batch as the given uint8 [N, P, P]."""

    def build(images: NDArray[np.uint8]) -> onnx.ModelProto:
        body = "nothing = Constant<value_float = 0.0>() \n black = Mul(x, nothing) \n y = Add(black, images)"
        return formula(images.shape[1], body, images=images[:, None].astype(np.float32) / 255)

    return build


@pytest.fixture
def reference() -> Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float64]]:
    """1 - SSIM of each pair by scikit-image, in float64."""

    def score(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float64]:
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
        pairs = zip(left, right, strict=True)
        return np.array([1 - structural_similarity(x, y, **options) for x, y in pairs])

    return score
