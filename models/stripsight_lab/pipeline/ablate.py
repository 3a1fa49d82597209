"""The ablation table: every score that was tried, on the tuning kit, from one trained network."""

import json
from dataclasses import asdict

import numpy as np
from rich.progress import track

from stripsight.engine import Engine
from stripsight_lab.ablation import LINEAR, REFINED, Floats, Redrawn, Row, row
from stripsight_lab.evaluate.layout import Table
from stripsight_lab.experiment import Experiment
from stripsight_lab.kits import acquired
from stripsight_lab.pipeline.judge import kit_of
from stripsight_lab.pipeline.prepare import CHECKPOINT, inspection_graph
from stripsight_lab.pipeline.record import digest, recorded
from stripsight_lab.training.train import load_network


def ablate_step(experiment: Experiment, units: int | None = None) -> Table:
    """Score one run of the tuning kit, or of its first `units`, in every way; figures go to ablation.json."""
    work, inputs = experiment.work, {CHECKPOINT: digest(experiment.work / CHECKPOINT)}
    settings = {"source": experiment.source.model_dump(mode="json"), "units": units}
    with recorded(work, experiment.name, "ablate", settings, inputs) as outputs:
        rows = _rows(experiment, units)
        (work / "ablation.json").write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n")
        outputs["ablation.json"] = digest(work / "ablation.json")
    return _table(rows)


def _rows(experiment: Experiment, count: int | None) -> list[Row]:
    recipe, units = experiment.load_recipe(), kit_of(experiment, "tuning")[:count]
    network = load_network(experiment.work / CHECKPOINT)
    engines = [
        Engine(
            inspection_graph(module, experiment, recipe).SerializeToString(),
            patch_size=recipe.patch.size_px,
            patches_per_frame=recipe.patches_per_frame,
        )
        for module in (network.generator.linear, network)
    ]
    frames = len(recipe.frame.indices)
    scores: dict[str, list[Floats]] = {name: [] for name in (*LINEAR, *REFINED)}
    parts = acquired([(unit, 0) for unit in units], recipe)
    for part in track(parts, "ablation", total=len(units)):
        for engine, ways in zip(engines, (LINEAR, REFINED), strict=True):
            found = engine.infer(part.patches)
            seen = Redrawn(part.patches, found.reconstructions, found.anomaly_maps, frames)
            for name, way in ways.items():
                scores[name].append(way(seen))
    kinds = [unit.kind for unit in units]
    return [row(name, np.stack(found), kinds, len(recipe.regions)) for name, found in scores.items()]


def _table(rows: list[Row]) -> Table:
    kinds = list(rows[0].by_kind)
    cells = [
        (one.name, f"{one.auroc:.3f}", f"{one.at_1:.3f}", f"{one.at_3:.3f}", *(f"{one.by_kind[k]:.2f}" for k in kinds))
        for one in rows
    ]
    columns = ("score", "AUROC", "found at 1 %", "found at 3 %", *kinds)
    return Table("Scores that were tried, on the tuning kit", columns, tuple(cells), "By kind: found at 3 %.")
