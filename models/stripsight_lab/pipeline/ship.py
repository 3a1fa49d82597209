"""From a tested graph to a bundle: thresholds, challenge set, card, provenance."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from stripsight.bundle import Bundle, sign, write
from stripsight.challenge import ChallengeStrip, Truth
from stripsight.drift.baseline import baseline_of
from stripsight.frame import FrameData, crc32c
from stripsight.recipe import PixelFormat, Recipe
from stripsight.verdict import Thresholds, Verdict, judge
from stripsight_lab.card import card
from stripsight_lab.dataset.cut import cut
from stripsight_lab.experiment import Experiment
from stripsight_lab.kits import KitScores
from stripsight_lab.pipeline.judge import engine, evaluations, fuse_graph, kit_of, scores, tuned
from stripsight_lab.pipeline.prepare import GRAPH, PARITY
from stripsight_lab.pipeline.record import read
from stripsight_lab.source.unit import Unit
from stripsight_lab.tune import Floats, Tuning

STEPS = ("acquire", "train", "export", "tune", "evaluate", "qualify")


def ship(experiment: Experiment, file: Path, out: Path, key: Path | None = None) -> Bundle:
    """Write the bundle of a tested experiment to `out`, which must be free. Returns it as loaded.

    `key` is the file of the private key that signs it; without one it is not signed. Raises a BundleError.
    """
    recipe = experiment.load_recipe()
    tuning, _ = tuned(experiment)
    bundle = write(
        out,
        recipe_text=experiment.recipe.read_text(),
        graph=(experiment.work / GRAPH).read_bytes(),
        fuse=fuse_graph(experiment),
        thresholds=_thresholds(tuning, recipe),
        baseline=_baseline(experiment, tuning, recipe),
        challenge=_challenge(experiment, tuning, recipe),
        card_text=card(experiment, recipe, tuning, evaluations(experiment)),
        provenance=_provenance(experiment, file),
    )
    if key is not None:
        sign(bundle.path, key)
    return bundle


def _thresholds(tuning: Tuning, recipe: Recipe) -> dict[str, dict[str, Any]]:
    how = {
        "method": tuning.method,
        "target": tuning.target,
        "good_units": tuning.good_units,
        "defective_units": tuning.defective_units,
        "strip_false_reject": asdict(tuning.false_reject),
        "strip_detection": asdict(tuning.detection),
    }
    own = zip(recipe.regions, tuning.regions, strict=True)
    return {
        region.name: {"threshold": one.threshold, "false_reject": asdict(one.false_reject), **how}
        for region, one in own
    }


def _baseline(experiment: Experiment, tuning: Tuning, recipe: Recipe) -> dict[str, Any]:
    """What the good strips of the tuning kit look like, the worst frame of each region."""
    kit = scores(experiment, "tuning")
    good = kit.scores[~kit.defective].reshape(-1, len(recipe.frame.indices), len(recipe.vials), len(recipe.regions))
    worst = good.max(axis=1)
    return baseline_of(worst, int((worst >= tuning.thresholds).any(axis=(1, 2)).sum()), recipe)


def _challenge(experiment: Experiment, tuning: Tuning, recipe: Recipe) -> list[ChallengeStrip]:
    """Two units of the tuning kit: the good and the defective one that are judged by the widest margins."""
    kit, run_graph = scores(experiment, "tuning"), engine(experiment)
    limits = Thresholds({r.name: value for r, value in zip(recipe.regions, tuning.thresholds, strict=True)})
    worst = _worst(kit, tuning)
    good = int(np.where(kit.defective, np.inf, worst).argmin())
    plain = int(np.where(kit.defective, worst, 0).argmax())
    units = {unit.unit_id: unit for unit in kit_of(experiment, "tuning")}
    chosen: list[tuple[str, Truth, int]] = [("good-1", "good", good), ("defective-1", "defective", plain)]
    strips = []
    for name, truth, row in chosen:
        unit, run = units[kit.unit_ids[row]], int(kit.runs[row])
        found = run_graph.infer(cut(unit, run, recipe).patches).scores
        verdict = judge(found, limits, recipe).verdict
        if verdict is not (Verdict.ACCEPT if truth == "good" else Verdict.REJECT):
            raise ValueError(f"challenge strip {name}: expected a {truth} strip to be judged so, found {verdict}")
        strips.append(ChallengeStrip(name, _frames(unit, run, recipe), found, verdict, truth))
    return strips


def _worst(kit: KitScores, tuning: Tuning) -> Floats:
    worst: Floats = (kit.scores.reshape(len(kit.scores), -1, len(tuning.thresholds)) / tuning.thresholds).max(
        axis=(1, 2)
    )
    return worst


def _frames(unit: Unit, run: int, recipe: Recipe) -> tuple[FrameData, ...]:
    frames = unit.acquire(run, recipe.frame.indices).frames
    height, width = recipe.frame.height_px, recipe.frame.width_px
    return tuple(
        FrameData(index, data, PixelFormat.MONO8, width, height, crc32c(data))
        for index, data in zip(recipe.frame.indices, (frame.tobytes() for frame in frames), strict=True)
    )


def _provenance(experiment: Experiment, file: Path) -> dict[str, Any]:
    """The records of all steps that were made, and the settings of the experiment."""
    made = [step for step in STEPS if (experiment.work / f"{step}.json").exists()]
    return {
        "experiment": file.name,
        "settings": experiment.model_dump(mode="json"),
        "export_parity": json.loads((experiment.work / PARITY).read_text()),
        "steps": {step: read(experiment.work, step).model_dump(mode="json") for step in made},
    }
