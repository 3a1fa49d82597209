"""A small real run: painted strips, a real graph, its scores, thresholds and figures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.bundle import Bundle
from stripsight.engine import Engine
from stripsight.frame import Frame
from stripsight.patches import crop
from stripsight.recipe import Recipe
from stripsight_lab.evaluate import evaluate
from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.criteria import Criteria, Written
from stripsight_lab.qualify.gallery import Look
from stripsight_lab.qualify.inputs import KitUsed, ReportInputs
from stripsight_lab.tune import tune, what_if

RUNS = 10
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CRITERIA = Criteria(
    detection_rate_min=0.9,
    false_reject_rate_max=0.05,
    policy_detection_rate_min=0.9,
    policy_false_reject_rate_max=0.1,
    inference_ms=300,
)

Painter = Callable[..., NDArray[np.uint8]]


@dataclass(frozen=True)
class Painted:
    """A unit of the small kit: speckle of `severity` on one patch of every frame; good at 0."""

    unit_id: str
    seed: int
    severity: float = 0.0
    patch: int = 0

    @property
    def kind(self) -> str:
        """The defect's name."""
        return ("speckle" if self.patch % 4 < 2 else "low speckle") if self.severity else ""


class SmallLine:
    """Acquires and infers painted units; counts how often it was asked to look."""

    def __init__(self, recipe: Recipe, engine: Engine, paint: Painter) -> None:
        """Units are painted for this recipe."""
        self.recipe, self.engine, self._paint = recipe, engine, paint
        self.looks: list[tuple[str, int]] = []
        self.units: dict[str, Painted] = {}

    def patches(self, unit: Painted, run: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Patches and masks, both [N, P, P]."""
        frames, masks = [], []
        for index in self.recipe.frame.indices:
            pixels = self._paint(self.recipe, 100_000 * unit.seed + 100 * run + index)
            mask = np.zeros_like(pixels)
            if unit.severity:
                self._damage(pixels, mask, unit, run)
            frames.append(Frame(index=index, pixels=pixels, digest=""))
            masks.append(Frame(index=index, pixels=mask, digest=""))
        return crop(frames, self.recipe), crop(masks, self.recipe)

    def _damage(self, pixels: NDArray[np.uint8], mask: NDArray[np.uint8], unit: Painted, run: int) -> None:
        rows, columns = self.recipe.patches[unit.patch].box.slices
        speckle = np.random.default_rng(unit.seed + run).choice([-60, 60], (10, 10)) * unit.severity
        place = pixels[rows, columns][10:20, 10:20]
        place[:] = (place + speckle).round().clip(0, 255)
        mask[rows, columns][10:20, 10:20] = 1

    def scores(self, units: Sequence[Painted], runs: int) -> KitScores:
        """Acquire and score a kit."""
        self.units |= {unit.unit_id: unit for unit in units}
        tasks = [(unit, run) for unit in units for run in range(runs)]
        taken = [self.patches(*task) for task in tasks]
        return KitScores(
            unit_ids=[unit.unit_id for unit, _ in tasks],
            kinds=[unit.kind for unit, _ in tasks],
            severities=np.array([unit.severity for unit, _ in tasks]),
            runs=np.array([run for _, run in tasks]),
            scores=np.stack([self.engine.infer(patches).scores.astype(np.float64) for patches, _ in taken]),
            truth=np.stack([masks.any(axis=(1, 2)) for _, masks in taken]),
        )

    def look(self, unit_id: str, run: int) -> Look:
        """One acquisition again."""
        self.looks.append((unit_id, run))
        patches, masks = self.patches(self.units[unit_id], run)
        return Look(patches, self.engine.infer(patches).reconstructions, masks)


@pytest.fixture(scope="session")
def small_line(strip_bundle: Bundle, strip_engine: Engine, picture: Painter) -> SmallLine:
    """The line that the small run was acquired on."""
    return SmallLine(strip_bundle.recipe, strip_engine, picture)


@pytest.fixture(scope="session")
def small_run(small_line: SmallLine, strip_bundle: Bundle) -> ReportInputs:
    """Four good and four defective units, ten runs each; some are missed and some falsely rejected."""
    recipe = strip_bundle.recipe
    test = small_line.scores(_kit("T", 500, 4, (0.005, 0.012, 0.3, 1.0)), RUNS)
    tuning = small_line.scores(_kit("K", 900, 20, (0.5, 1.0)), 1)
    regions = [region.name for region in recipe.regions]
    tuned = tune(tuning.scores, tuning.defective, len(regions), 0.1, tuning.unit_ids)
    figures = evaluate(
        test.scores,
        test.kinds,
        test.severities,
        tuned.thresholds,
        units=test.unit_ids,
        truth=test.truth,
        vials=len(recipe.vials),
        regions=regions,
        seconds=[0.02, 0.03],
    )
    return ReportInputs(
        recipe=recipe,
        bundle_id=strip_bundle.bundle_id,
        graph_sha256="9" * 64,
        experiment="small.toml",
        provenance={"commit": "abc", "settings": {"train": {"seed": 7}}, "versions": {"numpy": "2"}, "loss": math.nan},
        kits=[KitUsed("test", "8" * 64, 4, 4, RUNS, "painted")],
        simulated_product=True,
        test=test,
        tested_at=NOON,
        evaluations={"this bundle": figures},
        tuning=tuned,
        what_if=what_if(tuning.scores, tuning.defective, len(regions), (0.0, 0.1), tuning.unit_ids),
        criteria=CRITERIA,
        written=Written(at=NOON - timedelta(days=1), digest=CRITERIA.digest, criteria=CRITERIA),
        panel=None,
        determinism=None,
        overlaps=(),
        look=small_line.look,
        made_at=NOON + timedelta(hours=1),
        limits=("Paint is not plastic.",),
    )


def _kit(prefix: str, seed: int, good: int, severities: Sequence[float]) -> list[Painted]:
    defective = [Painted(f"{prefix}d{i}", seed + i, severity, 7 * i + 1) for i, severity in enumerate(severities)]
    return [*(Painted(f"{prefix}g{i}", seed + 100 + i) for i in range(good)), *defective]


@pytest.fixture(scope="session")
def kit_of() -> Callable[..., KitScores]:
    """A kit by hand: `kit_of(scores, kinds, units=..., runs=..., severities=...)`."""

    def kit(scores: Any, kinds: Sequence[str], **given: Any) -> KitScores:
        count = len(kinds)
        return KitScores(
            unit_ids=list(given.get("units", [f"u{i}" for i in range(count)])),
            kinds=list(kinds),
            severities=np.array(given.get("severities", [0.5 if kind else 0.0 for kind in kinds])),
            runs=np.array(given.get("runs", [0] * count)),
            scores=np.array(scores, np.float64),
        )

    return kit
