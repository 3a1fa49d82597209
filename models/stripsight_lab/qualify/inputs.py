"""What a qualification report is made of. The step that qualifies gathers it; nothing here looks anything up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stripsight.recipe import Recipe
from stripsight_lab.evaluate.evaluation import Evaluation
from stripsight_lab.evaluate.layout import Table
from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.criteria import Criteria, Written
from stripsight_lab.qualify.determinism import Determinism
from stripsight_lab.qualify.gallery import Look
from stripsight_lab.qualify.overlap import Overlap
from stripsight_lab.qualify.panel import Panel
from stripsight_lab.tune.tuning import Tuning


@dataclass(frozen=True)
class KitUsed:
    """A part of the data: what it was for ("training", "tuning", "test"), its hash, and how many units it has."""

    name: str
    digest: str
    good: int
    defective: int
    runs: int
    source: str
    """For example `simulated line, seed 202`."""


@dataclass(frozen=True, eq=False)
class ReportInputs:
    """Everything that the report shows or counts.

    `evaluations` maps names to figures on the test kit, the bundle first, others (a baseline) beside it; its
    thresholds are those that `test` is judged with. `tuning` and `what_if` are the tuning kit's.
    """

    recipe: Recipe
    bundle_id: str
    """The bundle's id; "" where the report is made before the bundle, which then holds this very graph."""
    graph_sha256: str
    experiment: str
    provenance: Mapping[str, Any]
    """Commit, settings, seeds, versions and what else the manifest says; nested as it likes."""
    kits: Sequence[KitUsed]
    simulated_product: bool
    """Whether the pictures come from a simulated line: then the report says so on top and on every page."""
    test: KitScores
    tested_at: datetime
    evaluations: Mapping[str, Evaluation]
    tuning: Tuning
    what_if: Sequence[Tuning]
    criteria: Criteria
    written: Written | None
    """The criteria as `criteria.written_before` found them for `tested_at`."""
    panel: Panel | None
    determinism: Determinism | None
    overlaps: Sequence[Overlap]
    look: Callable[[str, int], Look]
    """Acquires one unit in one run again and infers it; called once for each unit in pictures."""
    made_at: datetime
    limits: Sequence[str] = ()
    """Known limits, a sentence each, after those that the report finds itself."""
    paper: Table | None = None
    """The paper's own figures, where the product is comparable: `paper.PAPER`."""
    bootstrap_seed: int = 1
    hits_of_each_kind: int = 1

    def __post_init__(self) -> None:
        """ValueError for times without a zone, no evaluation, or thresholds that are not the recipe's regions'."""
        for name, moment in (("tested_at", self.tested_at), ("made_at", self.made_at)):
            if moment.tzinfo is None:
                raise ValueError(f"{name}: expected a time with its zone, found {moment}")
        if not self.evaluations:
            raise ValueError("evaluations: expected at least the bundle's, found none")
        expected, found = len(self.recipe.regions), len(self.evaluation.thresholds)
        if found != expected:
            raise ValueError(f"thresholds: expected {expected}, one for each region of the recipe, found {found}")

    @property
    def inspectors(self) -> str:
        """Who inspected by hand, in words."""
        return "simulated inspectors" if self.panel and self.panel.simulated else "people"

    @property
    def evaluation(self) -> Evaluation:
        """The figures of the bundle that is qualified."""
        return next(iter(self.evaluations.values()))
