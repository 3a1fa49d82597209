"""A graph as it is once it is loaded."""

import tempfile
from pathlib import Path

import onnx
import onnxruntime as ort


def folded(graph: bytes, batch: int) -> onnx.ModelProto:
    """Return `graph` for `batch` patches, with all that depends on no patch worked out, as ONNX Runtime does it.

    A weight that is stored as int8 is float32 then, and a shape that follows from the batch a constant.
    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    for value in onnx.load_model_from_string(graph).graph.input:
        options.add_free_dimension_override_by_name(value.type.tensor_type.shape.dim[0].dim_param or "N", batch)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(file)
        ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return onnx.load_model(file)
