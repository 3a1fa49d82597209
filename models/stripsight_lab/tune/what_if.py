"""What another target would have cost: the same kit tuned to each of several false-reject rates."""

from collections.abc import Sequence

from stripsight_lab.tune.maxima import Bools, Floats
from stripsight_lab.tune.settings import FalseReject
from stripsight_lab.tune.tuning import Tuning, tune

TARGETS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)


def what_if(
    scores: Floats,
    defective: Bools,
    regions: int,
    targets: Sequence[float] = TARGETS,
    units: Sequence[str] | None = None,
) -> list[Tuning]:
    """Tune a kit to each target false-reject rate; arguments as for `tune`. One row a target, in their order."""
    return [tune(scores, defective, regions, FalseReject(target=target), units) for target in targets]
