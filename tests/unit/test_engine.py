"""The engine: honest about what it runs on, exact about what goes in and comes out."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import helper

from stripsight.engine import Engine
from stripsight.errors import EngineError, ProviderError, ScoresError
from stripsight.providers import ProviderChoice, attempts
from stripsight.session import Session
from stripsight_lab.graph.fuse import Fusion

MakeGraph = Callable[[int], bytes]
FLOAT, UINT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8
PATCHES = np.random.default_rng(0).integers(0, 256, (6, 16, 16), dtype=np.uint8)


def a_graph(
    *nodes: onnx.NodeProto,
    batch: int | str = "N",
    constants: tuple[onnx.TensorProto, ...] = (),
    more: tuple[onnx.ValueInfoProto, ...] = (),
) -> bytes:
    """A graph with the names of an inspection, and outputs whose shapes are left to the nodes."""
    graph = helper.make_graph(
        [*nodes],
        "test",
        [helper.make_tensor_value_info("patches", UINT8, [batch, 16, 16])],
        [
            helper.make_tensor_value_info("scores", FLOAT, None),
            helper.make_tensor_value_info("reconstructions", UINT8, None),
            *more,
        ],
        [*constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return model.SerializeToString()


CAST = helper.make_node("Cast", ["patches"], ["grey"], to=FLOAT)
AXES = helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [1, 2])
MEANS = helper.make_node("ReduceMean", ["grey", "axes"], ["scores"], keepdims=0)
SAME = helper.make_node("Identity", ["patches"], ["reconstructions"])


def test_scores_and_reconstructions(graph: MakeGraph) -> None:
    """A batch of any size comes back as float32 [N] scores and uint8 [N, P, P] reconstructions."""
    inference = Engine(graph(16), threads=1, patch_size=16).infer(PATCHES)
    assert (inference.scores.shape, inference.scores.dtype) == ((6,), np.float32)
    assert (inference.reconstructions.shape, inference.reconstructions.dtype) == ((6, 16, 16), np.uint8)
    assert (inference.scores > 0.1).all()


@pytest.mark.parametrize("frame", [0, 2])
def test_anomaly_maps_come_back_where_the_graph_gives_them(frame: int) -> None:
    """Float32 [N, M, M] in the order of the patches, frame by frame too; else there are none."""
    pool = helper.make_node("AveragePool", ["image"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4])
    one = helper.make_tensor("one", onnx.TensorProto.INT64, [1], [1])
    nodes = (
        CAST,
        MEANS,
        SAME,
        helper.make_node("Unsqueeze", ["grey", "one"], ["image"]),
        pool,
        helper.make_node("Squeeze", ["pooled", "one"], ["anomaly_maps"]),
    )
    maps = helper.make_tensor_value_info("anomaly_maps", FLOAT, ["N", 4, 4])
    graph = a_graph(*nodes, constants=(AXES, one), more=(maps,))
    engine = Engine(graph, threads=1, patch_size=16, patches_per_frame=frame)
    found = engine.infer(PATCHES).anomaly_maps
    assert found is not None
    assert found == pytest.approx(PATCHES.reshape(6, 4, 4, 4, 4).mean(axis=(2, 4)), rel=1e-6)
    plain = Engine(a_graph(CAST, MEANS, SAME, constants=(AXES,)), threads=1, patch_size=16)
    assert plain.infer(PATCHES).anomaly_maps is None


def test_a_frame_is_the_unit() -> None:
    """The graph runs once for each frame, and the parts come back in order; no other number of patches is taken."""
    # Of two patches only: with more or fewer at once it would fail.
    engine = Engine(
        a_graph(CAST, MEANS, SAME, batch=2, constants=(AXES,)), threads=1, patch_size=16, patches_per_frame=2
    )
    inference = engine.infer(PATCHES)
    assert inference.scores == pytest.approx(PATCHES.mean(axis=(1, 2)), rel=1e-6)
    assert np.array_equal(inference.reconstructions, PATCHES)
    with pytest.raises(EngineError, match=r"\[multiple of 2, 16, 16\], found uint8 \[3, 16, 16\]"):
        engine.infer(PATCHES[:3])
    with pytest.raises(EngineError, match=r"\[2, 16, 16\], found uint8 \[4, 16, 16\]"):
        engine.infer_frame(PATCHES[:4])


def mapping_graph() -> bytes:
    """A graph whose map is the patch averaged to 4 x 4, its score the largest of it; NaN where the mean is 0."""
    return onnx.parser.parse_model("""
        <ir_version: 10, opset_import: ["" : 18]>
        g (uint8[N,16,16] patches) => (float[N] scores, uint8[N,16,16] reconstructions, float[N,4,4] anomaly_maps) {
            one = Constant<value_ints = [1]>()
            grey = Cast<to = 1>(patches)
            image = Unsqueeze(grey, one)
            pooled = AveragePool<kernel_shape = [4, 4], strides = [4, 4]>(image)
            anomaly_maps = Squeeze(pooled, one)
            axes = Constant<value_ints = [1, 2]>()
            peak = ReduceMax<keepdims = 0>(anomaly_maps, axes)
            same = Div(peak, peak)
            scores = Mul(peak, same)
            reconstructions = Identity(patches)
        }""").SerializeToString()


def test_frames_are_fused_as_numpy_would(fuse_of: Callable[..., bytes]) -> None:
    """A strip's maps, [S, M, M], in frame order, go through the fusing graph once for each strip."""
    fuse = Fusion(frames=3, patches_per_frame=2, gain=1.5).graph(4).SerializeToString()
    engine = Engine(mapping_graph(), fuse=fuse, threads=1, patch_size=16, patches_per_frame=2)
    strips = np.concatenate([PATCHES, PATCHES[::-1] // 2])
    found = engine.infer(strips)
    alone = strips.reshape(2, 3, 2, 4, 4, 4, 4).mean(axis=(4, 6))  # [strip, frame, patch, row, column]
    expected = np.maximum(alone, 1.5 * alone.mean(axis=1, keepdims=True)).reshape(12, 4, 4)
    assert found.anomaly_maps == pytest.approx(expected, rel=1e-5)
    assert found.scores == pytest.approx(expected.max(axis=(1, 2)), rel=1e-5)
    assert np.array_equal(found.reconstructions, strips)
    with pytest.raises(EngineError, match=r"\[multiple of 6, 16, 16\], found uint8 \[4, 16, 16\]"):
        engine.infer(strips[:4])


@pytest.mark.parametrize("line", ["Neg(frame_maps)", "Mul(frame_maps, zero)", "Sub(zero, frame_maps)"])
def test_no_fusing_graph_takes_a_frames_own_score_back(line: str, fuse_of: Callable[..., bytes]) -> None:
    """Scores and maps are at least those of the frame alone, and NaN stays NaN, whatever the graph says."""
    patches = PATCHES.copy()
    patches[3] = 0  # scores NaN
    engine = Engine(mapping_graph(), fuse=fuse_of(line, 6, 4), threads=1, patch_size=16, patches_per_frame=2)
    alone = [engine.infer_frame(patches[at : at + 2]) for at in (0, 2, 4)]
    found = engine.fuse(alone)
    assert np.isnan(found.scores).tolist() == [False, False, False, True, False, False]
    assert np.array_equal(found.scores, np.concatenate([each.scores for each in alone]), equal_nan=True)
    assert found.anomaly_maps is not None
    assert all(
        np.array_equal(found.anomaly_maps[2 * at : 2 * at + 2], each.anomaly_maps) for at, each in enumerate(alone)
    )


def test_a_fused_score_that_is_no_number_stays_one(fuse_of: Callable[..., bytes]) -> None:
    """NaN out of the fusing graph is not hidden by the frame's own score."""
    fuse = fuse_of("Div(zero, zero_maps)".replace("zero_maps", "frame_maps"), 6, 4)
    engine = Engine(mapping_graph(), fuse=fuse, threads=1, patch_size=16, patches_per_frame=2)
    patches = PATCHES.copy()
    patches[1, :4, :4] = 0
    assert np.isnan(engine.infer(patches).scores).tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    "patches",
    [PATCHES[:0], PATCHES[0], PATCHES[:, :15], PATCHES.astype(np.float32), PATCHES[..., np.newaxis]],
    ids=["none", "one dimension less", "another size", "another type", "one dimension more"],
)
def test_a_batch_that_does_not_fit(patches: np.ndarray, graph: MakeGraph) -> None:
    """Anything but uint8 [N, P, P] is an error that says what was found."""
    with pytest.raises(EngineError) as caught:
        Engine(graph(16), threads=1, patch_size=16).infer(patches)
    assert caught.value.facts["found"] == f"{patches.dtype} {list(patches.shape)}"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (
            (CAST, helper.make_node("ReduceMean", ["grey", "axes"], ["scores"], keepdims=1), SAME),
            r"scores: expected float32 \[6\], found float32 \[6, 1, 1\]",
        ),
        (
            (CAST, helper.make_node("ReduceMean", ["grey"], ["scores"], keepdims=0), SAME),
            r"scores: expected float32 \[6\], found float32 \[\]",
        ),
        (
            (CAST, MEANS, helper.make_node("Transpose", ["patches"], ["reconstructions"], perm=[1, 0, 2])),
            r"reconstructions: expected uint8 \[6, 16, 16\], found uint8 \[16, 6, 16\]",
        ),
    ],
    ids=["dimensions kept", "one score for all", "patches and rows exchanged"],
)
def test_what_comes_back_is_checked(nodes: tuple[onnx.NodeProto, ...], words: str) -> None:
    """Scores or reconstructions of another count or shape are an error, never judged."""
    engine = Engine(a_graph(*nodes, constants=(AXES,)), threads=1, patch_size=16)
    with pytest.raises(ScoresError, match=words):
        engine.infer(PATCHES)


def test_a_run_that_fails() -> None:
    """An operator that fails on its input is an engine's failure, with ONNX Runtime's own words."""
    shape = helper.make_tensor("shape", onnx.TensorProto.INT64, [2], [7, 7])
    nodes = (helper.make_node("Reshape", ["patches", "shape"], ["bad"]), CAST, MEANS, SAME)
    broken = helper.make_node("Cast", ["bad"], ["bad_scores"], to=FLOAT)
    sum_up = helper.make_node("Add", ["scores_0", "bad_sum"], ["scores"])
    means = helper.make_node("ReduceMean", ["grey", "axes"], ["scores_0"], keepdims=0)
    bad_sum = helper.make_node("ReduceSum", ["bad_scores"], ["bad_sum"], keepdims=0)
    graph = a_graph(nodes[0], CAST, broken, bad_sum, means, sum_up, SAME, constants=(AXES, shape))
    engine = Engine(graph, threads=1, patch_size=16)
    with pytest.raises(EngineError, match=r"inference failed on cpu: .*[Rr]eshape"):
        engine.infer(PATCHES)


def test_a_graph_that_does_not_load() -> None:
    """Bytes that are no graph are an engine's failure."""
    with pytest.raises(EngineError, match="does not load on cpu"):
        Engine(b"not a graph", threads=1, patch_size=16)


def test_a_provider_outside_the_list(graph: MakeGraph) -> None:
    """A provider that is not known is refused by name."""
    with pytest.raises(ProviderError, match="cpu, cuda, cuda-or-cpu, tensorrt, found tpu"):
        Engine(graph(16), provider=cast(ProviderChoice, "tpu"), patch_size=16)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("cuda", "ProviderError: provider: expected cuda, found cpu"),
        ("tensorrt", "EngineError"),
        ("cuda-or-cpu", "cpu"),
        ("cpu", "cpu"),
    ],
)
def test_without_a_gpu(provider: str, expected: str, graph: MakeGraph) -> None:
    """A GPU where there is none is refused; the CPU is used only where it is named. Nothing goes to stdout."""
    program = f"""
import sys
from stripsight.engine import Engine
from stripsight.errors import EngineError, ProviderError
try:
    said = Engine(sys.stdin.buffer.read(), provider={provider!r}, threads=1, patch_size=16).provider
except ProviderError as error:
    said = f"ProviderError: {{error}}"
except EngineError as error:
    said = "EngineError" if "does not load on tensorrt" in error.message else error
print(said)
"""
    hidden = os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}  # where there is one
    done = subprocess.run([sys.executable, "-c", program], input=graph(16), capture_output=True, env=hidden, check=True)
    assert done.stdout.decode().strip() == expected


def test_a_gpu_that_fails_later_is_not_replaced(graph: MakeGraph) -> None:
    """ONNX Runtime's own switch to the CPU while serving is off; without a GPU no more can be shown."""
    session = Session(graph(16), provider="cpu", threads=1, spin=False)._session
    assert session._enable_fallback is False


def test_bound_buffers_give_the_same(graph: MakeGraph) -> None:
    """A fixed batch whose buffers are allocated once, as on a GPU: the same results, which later runs leave alone."""
    outputs = ("scores", "reconstructions")
    free = Session(graph(16), provider="cpu", threads=1, spin=False)
    bound = Session(graph(16), provider="cpu", threads=1, spin=False, batch=3, bind=True)
    one, other = PATCHES[:3], PATCHES[:2:-1]
    kept = bound.run(outputs, "patches", one)
    for patches, found in ((other, bound.run(outputs, "patches", other)), (one, kept)):
        for expected, value in zip(free.run(outputs, "patches", patches), found, strict=True):
            assert np.array_equal(value, expected)
    with pytest.raises(EngineError, match=r"expected an input of shape \[3, 16, 16\], found \[2, 16, 16\]"):
        bound.run(outputs, "patches", PATCHES[:2])


def test_a_gpu_is_told_all_that_matters() -> None:
    """No TF32; a graph of fixed shapes is captured whole, and tried without where it cannot be."""
    (name, captured), _ = attempts("cuda", fixed_batch=True, cache=None)[0]
    (_, plain), _ = attempts("cuda", fixed_batch=True, cache=None)[1]
    assert name == "CUDAExecutionProvider"
    assert captured["use_tf32"] == plain["use_tf32"] == "0"
    assert captured["enable_cuda_graph"] == "1"
    assert "enable_cuda_graph" not in plain
    assert [first[0] for first, *_ in attempts("cuda", fixed_batch=False, cache=None)] == ["CUDAExecutionProvider"]


def test_tensorrt_keeps_what_it_builds(tmp_path: Path) -> None:
    """In the directory that it is given, and nowhere without one; scores keep float32."""
    ((name, options), *beside) = attempts("tensorrt", fixed_batch=True, cache=tmp_path)[0]
    assert name == "TensorrtExecutionProvider"
    assert options == {
        "trt_fp16_enable": "0",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(tmp_path),
    }
    assert [beside[0][0], beside[1]] == ["CUDAExecutionProvider", "CPUExecutionProvider"]


def test_warming_up_takes_time(graph: MakeGraph) -> None:
    """Warming up runs the graph on whole batches and tells how long the last took."""
    assert Engine(graph(16), threads=1, patch_size=16).warm_up(60) > 0


def test_importing_the_engine_writes_nothing_to_the_home(tmp_path: Path) -> None:
    """ONNX Runtime's usage reports are off before it is imported: no device id, no queue of events."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")}
    command = [sys.executable, "-c", "import stripsight.engine"]
    subprocess.run(command, env=environment | {"HOME": str(tmp_path)}, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
