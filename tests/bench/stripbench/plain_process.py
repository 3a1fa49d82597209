"""The plain service's process, and what it is given: the bundle's generator alone, and the product's boxes."""

import asyncio
from collections.abc import Sequence
from multiprocessing.connection import Connection

import onnx
from onnx import shape_inference
from onnx.utils import Extractor
from plain.inspection import Cut, PlainInspector
from plain.server import serve

from stripsight.recipe import Recipe

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
# Of 1 - SSIM. Only the time counts here, and that does not depend on it.
_THRESHOLD = 0.1


def generator(graph: bytes) -> bytes:
    """Cut the generator out of an inspect.onnx: float32 [N, 1, P, P] in and out, in [0, 1]."""
    whole = shape_inference.infer_shapes(onnx.load_model_from_string(graph))
    return bytes(Extractor(whole).extract_model(["network_x"], ["network_y"]).SerializeToString())


def cuts(recipe: Recipe) -> list[Cut]:
    """The product's boxes, in the plain service's own words."""
    return [
        Cut(
            recipe.frame.indices.index(place.frame),
            place.box.left_px,
            place.box.top_px,
            place.box.right_px,
            place.box.bottom_px,
        )
        for place in recipe.patches
    ]


def run_plain(pipe: Connection, graph: bytes, provider: str, boxes: Sequence[Cut]) -> None:
    """Serve; tell the port through the pipe."""
    asyncio.run(serve(PlainInspector(graph, _PROVIDERS[provider], boxes, _THRESHOLD), pipe.send))
