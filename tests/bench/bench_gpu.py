"""Times a strip on a GPU against what the card can do: `python tests/bench/bench_gpu.py [--provider cuda]`.

The bundle that ships and the paper's network at full size, random weights, in float32 and float16. Scores are checked
against float64 on fresh random patches first; a graph that fails is not timed. Then a strip of 60 patches, copies
included, back to back and at the line's cadence (a GPU slows down between strips), held against the floor: the graph's
operations over the rate of a large matrix product in the same precision, and the bytes that it moves over that of
copying, both measured on the card. `--provider cpu` runs the same on a CPU, to try the script.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from stripbench import exact
from stripbench.facts import facts
from stripbench.folded import folded
from stripbench.operations import work
from stripbench.rates import copy_rate, matrix_rate

from stripsight.bundle import load
from stripsight.engine import Engine
from stripsight.errors import StripsightError
from stripsight.providers import ProviderChoice
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.export import Arithmetic, export_generator
from stripsight_lab.network.generator import COMPACT, PAPER, Autoencoder, GeneratorSettings

SIZE, FRAME, STRIP = 256, 20, 60
PAPERS = {"paper": PAPER, "compact": COMPACT}

Patches = NDArray[np.uint8]


@dataclass(frozen=True)
class Contestant:
    """A graph, with what its scores must be on patches uint8 [20, 256, 256], and by how much they may miss that."""

    name: str
    graph: onnx.ModelProto
    fuse: bytes | None
    arithmetic: Arithmetic
    exactly: Callable[[Patches], NDArray[np.float64]]
    tolerance: float


@dataclass(frozen=True)
class Row:
    """What became of one contestant; times in milliseconds for a strip, copies included."""

    name: str
    arithmetic: Arithmetic
    score_error: float
    floor_ms: float
    back_to_back_ms: float
    back_to_back_p99_ms: float
    at_cadence_ms: float
    at_cadence_p99_ms: float


def shipped(path: Path) -> Contestant:
    """The bundle's own graph, as it is."""
    bundle = load(path)
    graph = onnx.load_model_from_string(bundle.graph)
    return Contestant(
        "shipped", graph, bundle.fuse, "float32", lambda patches: exact.graph_scores(graph, patches), 5e-3
    )


def papers(name: str, settings: GeneratorSettings) -> Iterator[Contestant]:
    """The paper's network in both precisions, scored by its mean SSIM."""
    torch.manual_seed(1)
    network = Autoencoder(settings).eval()
    sizes: dict[Arithmetic, float] = {"float32": 1e-4, "float16": 5e-3}
    for arithmetic, tolerance in sizes.items():
        exported = export_generator(network, patch_size=SIZE, patches_per_frame=FRAME, arithmetic=arithmetic)
        graph = assemble(exported, patch_size=SIZE)
        yield Contestant(name, graph, None, arithmetic, partial(exact.generator_scores, network), tolerance)


def measured(one: Contestant, provider: ProviderChoice, options: argparse.Namespace) -> Row:
    """Check and time a contestant. Raises ValueError for scores that are off, StripsightError when it does not run."""
    engine = Engine(
        one.graph.SerializeToString(), fuse=one.fuse, provider=provider, patch_size=SIZE, patches_per_frame=FRAME
    )
    rng = np.random.default_rng()  # fresh in each run
    frame = rng.integers(0, 256, (FRAME, SIZE, SIZE), np.uint8)
    error = float(np.abs(engine.infer_frame(frame).scores - one.exactly(frame)).max())
    if not error <= one.tolerance:
        raise ValueError(f"{one.name}, {one.arithmetic}: expected scores within {one.tolerance}, found {error}")
    strip = rng.integers(0, 256, (STRIP, SIZE, SIZE), np.uint8)
    engine.warm_up(STRIP, runs=5)
    loop = [_seconds(engine, strip) for _ in range(options.strips)]
    cadence = [_at_cadence(engine, strip, options) for _ in range(options.strips)]
    return Row(
        one.name,
        one.arithmetic,
        error,
        _floor_s(one, engine.provider) * 1e3,
        *(1e3 * float(value) for times in (loop, cadence) for value in (np.median(times), np.quantile(times, 0.99))),
    )


def _seconds(engine: Engine, strip: Patches) -> float:
    start = time.perf_counter()
    engine.infer(strip)  # results are on the host when it returns
    return time.perf_counter() - start


def _at_cadence(engine: Engine, strip: Patches, options: argparse.Namespace) -> float:
    """One strip after a pause, in which the card is kept awake as the service does."""
    until = time.perf_counter() + options.cadence_ms / 1e3
    while (left := until - time.perf_counter()) > 0:
        time.sleep(min(left, options.keep_alive_ms / 1e3 or left))
        if options.keep_alive_ms and left > options.keep_alive_ms / 1e3:
            engine.exercise()
    return _seconds(engine, strip)


def _floor_s(one: Contestant, provider: str) -> float:
    """Least seconds for a strip: operations at the card's matrix rate, or bytes at its copying rate."""
    needed = work(folded(one.graph.SerializeToString(), STRIP))
    precision = np.float16 if one.arithmetic == "float16" else np.float32
    kind = "cpu" if provider == "cpu" else "cuda"
    return max(needed.flops / matrix_rate(kind, 0, precision), needed.moved_bytes / copy_rate(kind, 0))


def main() -> None:
    """Print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", choices=["cuda", "tensorrt", "cpu"], default="cuda")
    parser.add_argument("--bundle", type=Path, default=Path("models/bundles/bfs-5x4"))
    parser.add_argument("--generator", choices=list(PAPERS), default="paper")
    parser.add_argument("--strips", type=int, default=50)
    parser.add_argument("--cadence-ms", type=float, default=500)
    parser.add_argument("--keep-alive-ms", type=float, default=50)
    parser.add_argument("--out", type=Path, default=Path("out/bench/gpu.json"))
    options = parser.parse_args()
    console, rows = Console(), []
    for one in (shipped(options.bundle), *papers(options.generator, PAPERS[options.generator])):
        try:
            rows.append(measured(one, options.provider, options))
        except (ValueError, StripsightError) as error:
            console.print(f"{one.name}, {one.arithmetic}: not timed. {error}", markup=False)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    where = facts(bundle_id=load(options.bundle).bundle_id, provider=options.provider)
    told = {"facts": where.model_dump(mode="json"), "rows": [asdict(row) for row in rows]}
    options.out.write_text(json.dumps(told, indent=1) + "\n")
    console.print(_table(rows, where.machine))


def _table(rows: list[Row], card: str) -> Table:
    table = Table(title=f"A strip of 60 patches on {card}, ms")
    for name in ("network", "precision", "score error", "floor", "p50", "p99", "at cadence p50", "p99", "p50 / floor"):
        table.add_column(name, justify="right")
    for row in rows:
        times = (row.floor_ms, row.back_to_back_ms, row.back_to_back_p99_ms, row.at_cadence_ms, row.at_cadence_p99_ms)
        ratio = row.at_cadence_ms / row.floor_ms
        table.add_row(row.name, row.arithmetic, f"{row.score_error:.1e}", *(f"{t:.2f}" for t in times), f"{ratio:.2f}")
    return table


if __name__ == "__main__":
    main()
