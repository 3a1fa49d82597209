"""A kit to evaluate."""

from collections.abc import Callable

import numpy as np
import pytest

from stripsight_lab.evaluate import Evaluation, ProCurve, evaluate

Evaluate = Callable[..., Evaluation]


@pytest.fixture
def evaluated() -> Evaluate:
    """Evaluate a drawn kit of good and defective products in some runs, of frames x vials x regions patches."""

    def build(
        good: int = 30,
        defective: int = 20,
        runs: int = 10,
        shape: tuple[int, int, int] = (2, 2, 2),
        graded: bool = True,
    ) -> Evaluation:
        rng = np.random.default_rng(6)
        units = [f"u{number}" for number in range(good + defective) for _ in range(runs)]
        kinds = [""] * good * runs + [("spot", "cut")[n % 2] for n in range(defective) for _ in range(runs)]
        severities = np.where(np.array(kinds) == "", 0, np.repeat(rng.random(good + defective), runs))
        scores = rng.lognormal(-1, 0.3, (len(units), int(np.prod(shape))))
        scores[:, 0] += severities
        truth = np.zeros(scores.shape, dtype=bool)
        truth[good * runs :, 0] = True
        pixels = ProCurve()
        pixels.add(np.arange(1.0, 10).reshape(3, 3).astype(np.float32) / 10, np.eye(3, dtype=bool))
        if not graded:
            severities[severities > 0] = np.nan
        return evaluate(
            scores,
            kinds,
            severities,
            (0.9,) * shape[2],
            units=units,
            truth=truth,
            vials=shape[1],
            seconds=[0.25, 0.35],
            pixels=pixels,
        )

    return build
