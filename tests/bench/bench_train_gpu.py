"""Times training of the paper's generator: `python tests/bench/bench_train_gpu.py [--batch 32] [--steps 20]`.

Seconds a step with and without mixed precision, on patches that lie on the device already: what the networks cost.
Then seconds to make a batch on one CPU core, which tells how many workers keep up. `--device cpu` times the same
code without a GPU; take a small batch then.
"""

import argparse
import resource
import sys
import time
from dataclasses import replace

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from stripsight_lab.gan.batches import Maker
from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Batch, Gan
from stripsight_lab.network.generator import COMPACT, PAPER
from stripsight_lab.patches import ArrayPatches

GENERATORS = {"paper": PAPER, "compact": COMPACT}
EPOCH = 2_533_680
"""Training patches of the paper."""


def batch_of(count: int, device: torch.device) -> Batch:
    """Return `count` patches of noise; what they show does not change the time."""
    x = torch.rand(count, 1, 256, 256, device=device)
    return Batch(x, x, torch.zeros_like(x))


def step_flops(settings: GanSettings) -> int:
    """Floating-point operations of one step, forward and backward, counted on torch's device without numbers."""
    meta = torch.device("meta")
    gan = Gan(replace(settings, precision="float32"), Ranks(device=meta))
    with FlopCounterMode(display=False) as counter:
        gan.step(batch_of(settings.batch, meta), 1e-4)
    return int(counter.get_total_flops())


def wait(device: torch.device) -> None:
    """Let the device finish what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def step_seconds(settings: GanSettings, device: torch.device, steps: int) -> list[float]:
    """Time `steps` steps, after two that warm up."""
    gan, batch = Gan(settings, Ranks(device=device)), batch_of(settings.batch, device)
    times = []
    for _ in range(2 + steps):
        wait(device)
        start = time.perf_counter()
        gan.step(batch, 1e-4)
        wait(device)
        times.append(time.perf_counter() - start)
    return times[2:]


def peak_gib(device: torch.device) -> float:
    """Most memory in use so far: of the GPU since it was last reset, of this process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def maker_seconds(settings: GanSettings) -> float:
    """Seconds of one core for one batch: read from memory, augmented, perturbed."""
    torch.set_num_threads(1)
    patches = ArrayPatches(np.random.default_rng(1).integers(0, 256, (1, settings.batch, 256, 256), dtype=np.uint8))
    maker, tasks = Maker(patches, settings, 0), [(step, np.arange(settings.batch)) for step in range(5)]
    start = time.perf_counter()
    for task in tasks:
        maker[task]
    return (time.perf_counter() - start) / len(tasks)


def main() -> None:
    """Print a table, or say that there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", choices=list(GENERATORS), default="paper")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--precision", nargs="+", default=["float32", "auto"])
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit(
            "No GPU: torch finds no CUDA device here, so nothing was measured. Try --device cpu --batch 2 --steps 2."
        )
    device = torch.device(options.device)
    torch.backends.cudnn.benchmark = device.type == "cuda"
    settings = GanSettings(generator=GENERATORS[options.generator], batch=options.batch)
    flops = step_flops(settings)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}; a step of {options.batch} patches is {flops / 1e12:.3f} TFLOP")
    print(f"{'precision':<12}{'s/step':>9}{'patches/s':>11}{'TFLOP/s':>9}{'peak GiB':>10}{'hours/epoch':>13}")
    for precision in options.precision:
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        seconds = float(np.median(step_seconds(replace(settings, precision=precision), device, options.steps)))
        rate = options.batch / seconds
        speed, memory, hours = flops / seconds / 1e12, peak_gib(device), EPOCH / rate / 3600
        print(f"{precision:<12}{seconds:9.4f}{rate:11.1f}{speed:9.3f}{memory:10.2f}{hours:13.2f}")
    print(f"one core makes a batch of {options.batch} in {maker_seconds(settings):.3f} s")


if __name__ == "__main__":
    main()
