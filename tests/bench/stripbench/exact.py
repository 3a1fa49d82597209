"""What a graph or a network says in float64: what any provider's float32 or float16 is held against."""

import copy
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from skimage.metrics import structural_similarity
from torch import nn

_SSIM: Any = structural_similarity  # scikit-image has no types
_WINDOW = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of `model` that computes in float64 wherever it computed in float32."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    graph = wide.graph
    for tensor in graph.initializer:
        _widen(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
            elif node.op_type == "Constant" and attribute.name == "value_float":
                wide_value = numpy_helper.from_array(np.array(attribute.f, np.float64))
                attribute.CopyFrom(helper.make_attribute("value", wide_value))
            elif attribute.HasField("t"):
                _widen(attribute.t)
    for described in (*graph.input, *graph.output, *graph.value_info):
        if described.type.tensor_type.elem_type == TensorProto.FLOAT:
            described.type.tensor_type.elem_type = TensorProto.DOUBLE
    return wide


def graph_scores(model: onnx.ModelProto, patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Scores [N] of an inspection graph in float64 for uint8 [N, P, P], by ONNX's reference: a minute for 20."""
    (scores,) = ReferenceEvaluator(widened(model)).run(["scores"], {"patches": patches})
    return np.asarray(scores, np.float64)


def generator_scores(generator: nn.Module, patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """1 - mean SSIM [N] of patches uint8 [N, P, P] against what a generator makes of them in float64, rounded."""
    exact = copy.deepcopy(generator).eval().double()
    with torch.no_grad():
        drawn = torch.cat([exact(torch.from_numpy(patch[None, None] / 255.0)) for patch in patches])
    rounded = (drawn[:, 0] * 255).clamp(0, 255).round().to(torch.uint8).numpy()
    return np.array([1 - float(_SSIM(one, other, **_WINDOW)) for one, other in zip(patches, rounded, strict=True)])


def _widen(tensor: onnx.TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
