"""Times the parts of the inspection graph: `python tests/bench/bench_graph.py [--threads 2] [--runs 20]`.

A strip is 60 patches of 256 x 256, and the session is the service's. Graphs take turns run by run, so that
other work on the machine slows all of them alike. A frame's 20 patches run at a time, as in the service.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import onnx
import torch
from onnx import parser

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble, map_side
from stripsight_lab.graph.export import compact, export_generator
from stripsight_lab.graph.fuse import Fusion
from stripsight_lab.network.inspection import InspectionNetwork, NetworkSettings
from stripsight_lab.network.linear import LinearAutoencoder

SIZE = 256
REGIONS = 4
PATCHES = 60
PATCHES_PER_FRAME = 20


def identity() -> onnx.ModelProto:
    """Return the generator that does nothing: what is left is uint8 in and out, and the score."""
    image = f"float[N,1,{SIZE},{SIZE}]"
    text = f"g ({image} x) => ({image} y) {{ y = Identity(x) }}"
    return parser.parse_model(f'<ir_version: 10, opset_import: ["" : 18]> {text}')


def linear() -> LinearAutoencoder:
    """Return a linear autoencoder of the shipped size, with random weights."""
    basis = torch.randn(REGIONS, 64, SIZE * SIZE) / SIZE
    return LinearAutoencoder(torch.rand(REGIONS, SIZE * SIZE), basis)


def inspecting() -> InspectionNetwork:
    """Return the network that ships, with random weights."""
    return InspectionNetwork(linear(), NetworkSettings())


def exported(module: torch.nn.Module) -> onnx.ModelProto:
    """Return the module's graph, its large weights stored as int8."""
    graph = export_generator(module, patch_size=SIZE, patches_per_frame=PATCHES_PER_FRAME)
    return compact(graph, kind="int8")


ROWS: dict[str, Callable[[], onnx.ModelProto]] = {
    "SSIM, uint8 in and out": identity,
    "linear autoencoder, SSIM": lambda: exported(linear()),
    "the same, trunk and refiner, SSIM": lambda: exported(inspecting().generator),
    "the same and segmenter, fused": lambda: exported(inspecting()),
}
FUSED = Fusion(frames=PATCHES // PATCHES_PER_FRAME, patches_per_frame=PATCHES_PER_FRAME, gain=2.0)


def main() -> None:
    """Print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--runs", type=int, default=20)
    options = arguments.parse_args()
    patches = np.random.default_rng(0).integers(0, 256, (PATCHES, SIZE, SIZE), dtype=np.uint8)
    engines, loads = {}, {}
    for name, build in ROWS.items():
        model = assemble(build(), patch_size=SIZE)
        graph = model.SerializeToString()
        fuse = FUSED.graph(map_side(model)).SerializeToString() if "fused" in name else None
        start = time.perf_counter()
        engines[name] = Engine(
            graph, fuse=fuse, threads=options.threads, patch_size=SIZE, patches_per_frame=PATCHES_PER_FRAME
        )
        loads[name] = time.perf_counter() - start, len(graph)
        engines[name].warm_up(PATCHES)
    times: dict[str, list[float]] = {name: [] for name in ROWS}
    for _ in range(options.runs):
        for name, engine in engines.items():
            start = time.perf_counter()
            engine.infer(patches)
            times[name].append(1e3 * (time.perf_counter() - start))
    print(f"{'graph':32}{'median ms':>10}{'least ms':>10}{'load s':>8}{'MB':>7}")
    for name, values in times.items():
        seconds, size = loads[name]
        print(f"{name:32}{np.median(values):10.1f}{min(values):10.1f}{seconds:8.2f}{size / 1e6:7.1f}")


if __name__ == "__main__":
    main()
