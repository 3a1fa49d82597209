"""A torch generator becomes ONNX, and the comparison of the two."""

import copy
import json
from dataclasses import asdict

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.export import export_generator, parity

SIZE = 32
REGIONS = 4
PATCHES_PER_FRAME = 20


class RegionGenerator(nn.Module):
    """A basis for each region, found by the place in the batch, and a small convolutional correction."""

    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        basis = torch.linalg.qr(torch.randn(REGIONS, SIZE * SIZE, 16)).Q.transpose(1, 2)
        self.register_buffer("basis", basis.contiguous())
        self.stem = nn.Conv2d(2, 16, 4, stride=4)
        self.norm = nn.BatchNorm2d(16)
        self.drop = nn.Dropout(0.5)
        self.head = nn.ConvTranspose2d(16, 1, 4, stride=4)

    def forward(self, x: Tensor) -> Tensor:
        parts = x.reshape(-1, REGIONS * SIZE * SIZE).split(SIZE * SIZE, dim=1)
        drawn = [functional.linear(part, self.basis[r]) @ self.basis[r] for r, part in enumerate(parts)]
        linear = torch.cat(drawn, dim=1).reshape(x.shape)
        features = torch.relu(self.norm(self.stem(torch.cat([x, x - linear], dim=1))))
        correction: Tensor = self.head(self.drop(features))
        return linear + 0.1 * correction


@pytest.fixture(scope="module")
def generator() -> RegionGenerator:
    """A generator with random weights, in training mode."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return RegionGenerator()


@pytest.fixture(scope="module")
def exported(generator: RegionGenerator) -> onnx.ModelProto:
    """Return its graph."""
    return export_generator(generator, patch_size=SIZE, patches_per_frame=PATCHES_PER_FRAME)


@pytest.fixture(scope="module")
def inspection(exported: onnx.ModelProto) -> onnx.ModelProto:
    """Return the inspection graph around it."""
    return assemble(exported, patch_size=SIZE)


def patches(frames: int = 3) -> NDArray[np.uint8]:
    """Blocks of random grey, uint8 [N, SIZE, SIZE]."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (frames * PATCHES_PER_FRAME, SIZE // 4, SIZE // 4), dtype=np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


@pytest.mark.parametrize("frames", [1, 3, 20])
def test_graph_draws_what_torch_draws(generator: RegionGenerator, inspection: onnx.ModelProto, frames: int) -> None:
    """Any number of frames gives torch's pixels, to a rounding step, and its scores to 1e-4."""
    found = parity(generator, inspection, patches(frames))
    assert found.patches == frames * PATCHES_PER_FRAME
    assert found.reconstruction_max_difference <= 1
    assert found.reconstruction_changed_share < 1e-3
    assert found.score_max_difference < 1e-4


def test_region_is_the_place_in_the_batch(inspection: onnx.ModelProto) -> None:
    """A patch is drawn with the basis of the region at its place, the same in each vial and each frame."""
    batch = np.repeat(patches(1)[:1], 2 * PATCHES_PER_FRAME, axis=0)
    drawn = Engine(inspection.SerializeToString(), threads=1, patch_size=SIZE).infer(batch).reconstructions
    by_region = drawn.reshape(-1, REGIONS, SIZE, SIZE)
    assert (by_region == by_region[:1]).all()
    assert len(np.unique(by_region[0].reshape(REGIONS, -1), axis=0)) == REGIONS


def test_parity_sees_a_changed_weight(generator: RegionGenerator, inspection: onnx.ModelProto) -> None:
    """Parity measures: a generator that differs from the graph shows in every number."""
    changed = copy.deepcopy(generator)
    with torch.no_grad():
        changed.basis[2] *= 0.9
    found = parity(changed, inspection, patches(1))
    assert found.reconstruction_max_difference > 5
    assert 0.1 < found.reconstruction_changed_share < 0.3
    assert found.score_max_difference > 1e-3


def test_parity_goes_into_a_manifest(generator: RegionGenerator, inspection: onnx.ModelProto) -> None:
    """The comparison is plain numbers that JSON can hold."""
    found = asdict(parity(generator, inspection, patches(1)))
    assert json.loads(json.dumps(found)) == found


def test_exported_as_in_evaluation(exported: onnx.ModelProto, generator: RegionGenerator) -> None:
    """Dropout is off and batch statistics are frozen in the graph, while the module stays in training."""
    assert generator.training
    assert generator.basis.dtype == torch.float32
    assert not {"Dropout", "RandomUniformLike"} & {node.op_type for node in exported.graph.node}


def test_graph_holds_each_weight_once(exported: onnx.ModelProto, generator: RegionGenerator) -> None:
    """A basis that is used both ways is stored once, inside the file."""
    elements = sum(tensor.numel() for tensor in (*generator.parameters(), *generator.buffers()))
    assert len(exported.SerializeToString()) < 4 * elements + 10_000


def test_graph_says_nothing_about_the_machine(exported: onnx.ModelProto) -> None:
    """No path, stack trace, tool or class name, so that equal weights give equal bytes anywhere."""
    bare = copy.deepcopy(exported)
    for tensor in bare.graph.initializer:
        tensor.ClearField("raw_data")
    for word in ("/", ".py", "torch", "pkg.", "RegionGenerator", "doc_string", "metadata"):
        assert word not in str(bare), word
    assert not exported.producer_name


def test_export_repeats(exported: onnx.ModelProto, generator: RegionGenerator) -> None:
    """The same generator gives the same bytes again, so a bundle can be rebuilt."""
    again = export_generator(generator, patch_size=SIZE, patches_per_frame=PATCHES_PER_FRAME)
    assert again.SerializeToString(deterministic=True) == exported.SerializeToString(deterministic=True)


def test_half_precision_stays_inside(generator: RegionGenerator, exported: onnx.ModelProto) -> None:
    """In float16 the graph has the same ends and halves the weights; scores move by less than 1e-3, and are float32."""
    half = export_generator(generator, patch_size=SIZE, patches_per_frame=PATCHES_PER_FRAME, arithmetic="float16")
    assert [value.type.tensor_type.elem_type for value in (*half.graph.input, *half.graph.output)] == [1, 1]
    assert len(half.SerializeToString()) < 0.6 * len(exported.SerializeToString())
    patches = np.random.default_rng(4).integers(0, 256, (PATCHES_PER_FRAME, SIZE, SIZE), np.uint8)
    found = [
        Engine(assemble(model, patch_size=SIZE).SerializeToString(), patch_size=SIZE).infer(patches)
        for model in (exported, half)
    ]
    assert found[1].scores.dtype == np.float32
    assert found[1].scores == pytest.approx(found[0].scores, abs=1e-3)
    assert not np.array_equal(found[1].scores, found[0].scores)  # it really computes in another precision
