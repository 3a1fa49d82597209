"""Does the same patch get the same score? Over repeats, thread counts and providers, through the service's engine.

Floating-point sums depend on their order, and the order on threads and hardware: bit-identical scores are not promised.
What is asked instead is whether the largest difference could turn a verdict of the test kit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stripsight.engine import Engine
from stripsight.providers import ProviderChoice
from stripsight_lab.kits import KitScores
from stripsight_lab.tune.maxima import Floats


@dataclass(frozen=True)
class Condition:
    """One way to run the graph, and the largest spread of a patch's score over its repeats."""

    provider: str
    threads: int
    repeats: int
    spread: float


@dataclass(frozen=True)
class Determinism:
    """What repeated inference showed. All but counts are in units of the score."""

    conditions: tuple[Condition, ...]
    patches: int
    spread: float
    """Largest spread of one patch's score over all conditions and repeats."""
    nearest_margin: float
    """Smallest |score - threshold| that decides an acquisition of the test kit: its verdict turns there."""
    nearest_patch_margin: float
    """The same of any patch, deciding or not."""
    verdicts_within: int
    """Acquisitions whose verdict lies within `spread` of turning."""
    acquisitions: int

    def passed(self, spread_max: float, verdicts_within_max: int = 0) -> bool:
        """Whether scores are alike enough and no more verdicts than allowed depend on the difference."""
        return self.spread <= spread_max and self.verdicts_within <= verdicts_within_max


def providers_here(graph: bytes, patch_size: int) -> tuple[ProviderChoice, ...]:
    """The providers that load `graph` on this machine: the CPU, and CUDA where there is one."""
    gpu = Engine(graph, provider="cuda-or-cpu", threads=1, patch_size=patch_size).provider == "cuda"
    return ("cpu", "cuda") if gpu else ("cpu",)


def repeated_scores(
    graph: bytes,
    patches: NDArray[np.uint8],
    *,
    fuse: bytes | None = None,
    patches_per_frame: int = 0,
    threads: Sequence[int] = (1, 2),
    repeats: int = 3,
    providers: Sequence[ProviderChoice] | None = None,
) -> tuple[tuple[Condition, ...], Floats]:
    """Score `patches`, uint8 [N, P, P], in every condition: the conditions and the spread of each patch, [N].

    N is whole strips where `fuse` is given, else whole frames of `patches_per_frame`. Each condition has a session of
    its own. On CUDA the thread count is that of the little that stays on the CPU. Raises what the engine raises.
    """
    size = patches.shape[-1]
    conditions, every = [], []
    for provider in providers or providers_here(graph, size):
        for count in threads:
            engine = Engine(
                graph,
                fuse=fuse,
                provider=provider,
                threads=count,
                patch_size=size,
                patches_per_frame=patches_per_frame,
            )
            scores = np.stack([engine.infer(patches).scores for _ in range(repeats)]).astype(np.float64)
            conditions.append(Condition(engine.provider, count, repeats, float(np.ptp(scores, axis=0).max())))
            every.append(scores)
    spreads: Floats = np.ptp(np.concatenate(every), axis=0)
    return tuple(conditions), spreads


def determinism(
    conditions: tuple[Condition, ...], spreads: Floats, kit: KitScores, thresholds: Sequence[float]
) -> Determinism:
    """Hold the spread of each patch [N], all finite, against the margins of a kit with these thresholds [R]."""
    margins = kit.scores - np.resize(np.asarray(thresholds, np.float64), kit.scores.shape[1])
    deciding = np.abs(margins.max(axis=1))
    spread = float(spreads.max())
    return Determinism(
        conditions=conditions,
        patches=len(spreads),
        spread=spread,
        nearest_margin=float(deciding.min()),
        nearest_patch_margin=float(np.abs(margins).min()),
        verdicts_within=int((deciding <= spread).sum()),
        acquisitions=len(deciding),
    )
