"""From a trained torch network to ONNX, and how far the two are apart. The only module here with torch."""

import copy
import logging
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import nn

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import IR_VERSION, OPSET, map_side
from stripsight_lab.graph.compact import compact
from stripsight_lab.graph.fuse import Fusion
from stripsight_lab.graph.ssim import SIGMA
from stripsight_lab.network.half import Half

__all__ = ["Parity", "compact", "export_generator", "parity"]

_SIMILARITY: Any = structural_similarity  # scikit-image has no types

Arithmetic = Literal["float32", "float16"]

MAX_FRAMES = 16
"""Frames in a batch that the exporter has to reckon with; the graph itself takes any number."""


def export_generator(
    module: nn.Module, *, patch_size: int, patches_per_frame: int, arithmetic: Arithmetic = "float32"
) -> onnx.ModelProto:
    """Return `module` as a graph from `x` to `y`, both float32 [N, 1, P, P], N any number of whole frames.

    A module that gives two tensors has a second output `m`, float32 [N, M, M]: its anomaly maps. The module may
    take the region from the place in the batch. It is exported as in evaluation, and its own mode is left alone.
    Float16 arithmetic is for GPUs; input and outputs stay float32, and so does the score that is put around it.
    Nothing of this machine (paths, stack traces, tool names) stays in the graph.
    """
    exact = copy.deepcopy(module).eval().float().cpu().requires_grad_(False)
    frozen = (Half(exact) if arithmetic == "float16" else exact).eval()
    example = torch.zeros(2 * patches_per_frame, 1, patch_size, patch_size)
    outputs = ["y", "m"] if isinstance(frozen(example), tuple) else ["y"]
    batch = patches_per_frame * torch.export.Dim("frames", min=1, max=MAX_FRAMES)
    # It tells at each export which operators of torchvision there are not; none is needed.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter copies its own trees in a way that its own library calls deprecated.
        warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated", FutureWarning)
        program = torch.onnx.export(
            frozen,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["x"],
            output_names=outputs,
            dynamic_shapes=[{0: batch}],
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export: expected a program, found None")
    return _clean(program.model_proto)


@dataclass(frozen=True)
class Parity:
    """How far an inspection graph is from its torch generator, on some patches. Goes into the manifest."""

    patches: int
    score_max_difference: float
    reconstruction_max_difference: int
    """Grey levels, 0 .. 255."""
    reconstruction_changed_share: float
    """Share of the pixels that differ at all, 0 .. 1."""


def parity(
    module: nn.Module, model: onnx.ModelProto, patches: NDArray[np.uint8], fusion: Fusion | None = None
) -> Parity:
    """Compare the inspection graph `model` with `module` in float64 and, for a mean SSIM, with scikit-image.

    `patches` are uint8 [N, P, P], N whole frames; with `fusion`, whose graph then runs too, one strip. Both sides
    redraw and round by themselves, so a pixel close to a rounding step differs by 1.
    """
    redrawn, scores = _redraw(module, patches, fusion)
    fuse = fusion and fusion.graph(map_side(model)).SerializeToString()
    inference = Engine(model.SerializeToString(), fuse=fuse or None, patch_size=patches.shape[1]).infer(patches)
    steps = np.abs(inference.reconstructions.astype(np.int16) - redrawn)
    return Parity(
        patches=len(patches),
        score_max_difference=float(np.abs(inference.scores - scores).max()),
        reconstruction_max_difference=int(steps.max()),
        reconstruction_changed_share=float(np.mean(steps > 0)),
    )


def _redraw(
    module: nn.Module, patches: NDArray[np.uint8], fusion: Fusion | None
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Reconstructions uint8 [N, P, P] and scores [N]."""
    exact = copy.deepcopy(module).eval().double().cpu()
    with torch.no_grad():
        found = exact(torch.from_numpy(patches[:, None] / 255.0))
    y = found[0] if isinstance(found, tuple) else found
    rounded: NDArray[np.uint8] = (y[:, 0] * 255).clamp(0, 255).round().to(torch.uint8).numpy()
    if isinstance(found, tuple):
        maps = found[1].reshape(fusion.frames if fusion else 1, -1, *found[1].shape[1:])
        fused = torch.maximum(maps, (fusion.gain if fusion else 0) * maps.mean(dim=0, keepdim=True))
        return rounded, fused.flatten(0, 1).flatten(1).amax(1).numpy()
    return rounded, np.array([_score(patch, image) for patch, image in zip(patches, rounded, strict=True)])


def _score(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> float:
    options = {"gaussian_weights": True, "sigma": SIGMA, "use_sample_covariance": False, "data_range": 255}
    return 1 - float(_SIMILARITY(left, right, **options))


def _clean(exported: onnx.ModelProto) -> onnx.ModelProto:
    """Rebuild the model with nothing but its arithmetic."""
    model = onnx.helper.make_model(exported.graph, opset_imports=exported.opset_import, ir_version=IR_VERSION)
    graph = model.graph
    graph.name = "network"
    for described in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        described.ClearField("doc_string")
        described.ClearField("metadata_props")
    del graph.value_info[:]
    for node in graph.node:
        node.ClearField("name")
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.checker.check_model(model, full_check=True)
    return model
