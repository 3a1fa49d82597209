"""From a graph to figures: tune its thresholds on one kit, evaluate it on another."""

import hashlib
import json
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from rich.progress import track

from stripsight.engine import Engine, Inference
from stripsight.heatmap import anomaly_map
from stripsight_lab.dataset.cut import Cut
from stripsight_lab.evaluate import Evaluation, ProCurve, evaluate
from stripsight_lab.evaluate.layout import Table
from stripsight_lab.evaluate.pixels import ScoreBins
from stripsight_lab.evaluate.tuning_tables import thresholds_table, what_if_table
from stripsight_lab.experiment import Experiment
from stripsight_lab.kits import KitScores, acquired, score_kit
from stripsight_lab.pipeline.prepare import BASELINE, FUSE, GRAPH
from stripsight_lab.pipeline.record import digest, is_done, read, recorded
from stripsight_lab.qualify.criteria import write_down
from stripsight_lab.source.unit import Unit
from stripsight_lab.tune import Tuning, tune, what_if

CRITERIA = "criteria.jsonl"
TITLES = {GRAPH: "this bundle", BASELINE: "linear autoencoder alone"}


def engine(experiment: Experiment, name: str = GRAPH) -> Engine:
    """The service's engine on one of the experiment's graphs, with the fusion that belongs to it."""
    recipe = experiment.load_recipe()
    return Engine(
        (experiment.work / name).read_bytes(),
        fuse=fuse_graph(experiment, name),
        patch_size=recipe.patch.size_px,
        patches_per_frame=recipe.patches_per_frame,
    )


def fuse_graph(experiment: Experiment, name: str = GRAPH) -> bytes | None:
    """The fusing graph beside one of the experiment's graphs; None where there is none."""
    fused = name == GRAPH and FUSE in read(experiment.work, "export").outputs
    return (experiment.work / FUSE).read_bytes() if fused else None


def graphs(experiment: Experiment) -> list[str]:
    """The graphs to judge: the one that is inspected with, and the baseline where there is one and it is asked for."""
    wanted = (GRAPH, BASELINE) if experiment.evaluate.baseline else (GRAPH,)
    return [name for name in wanted if name in read(experiment.work, "export").outputs]


def scores(experiment: Experiment, kit: str, name: str = GRAPH) -> KitScores:
    """Scores of the "tuning" or "test" kit by one of the graphs, from the file that keeps them or made now."""
    units = kit_of(experiment, kit)
    runs = 1 if name == BASELINE else experiment.tune.runs if kit == "tuning" else experiment.evaluate.runs
    path = experiment.work / "kits" / f"{kit}-{_key(experiment, kit, name, runs)}.npz"
    path.parent.mkdir(exist_ok=True)
    return score_kit(units, runs, experiment.load_recipe(), engine(experiment, name), path)


def kit_of(experiment: Experiment, kit: str) -> list[Unit]:
    """The units of the "tuning" or "test" kit."""
    return list(experiment.source.tuning_kit() if kit == "tuning" else experiment.source.test_kit())


def _key(experiment: Experiment, kit: str, name: str, runs: int) -> str:
    """What the scores follow from, in 16 hex digits."""
    recipe = experiment.load_recipe().model_dump(mode="json", include={"frame", "patch", "vials", "regions"})
    units = [unit.unit_id for unit in kit_of(experiment, kit)]
    fuse = fuse_graph(experiment, name) or b""
    graphs = [digest(experiment.work / name), hashlib.sha256(fuse).hexdigest()]
    made_of = [*graphs, experiment.source.model_dump(mode="json"), units, runs, recipe]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def tuned(experiment: Experiment, name: str = GRAPH) -> tuple[Tuning, tuple[Tuning, ...]]:
    """Thresholds of one graph by the experiment's method, and what other false-reject rates would cost."""
    kit, regions = scores(experiment, "tuning", name), len(experiment.load_recipe().regions)
    chosen = tune(kit.scores, kit.defective, regions, experiment.tune.thresholds, kit.unit_ids)
    return chosen, tuple(what_if(kit.scores, kit.defective, regions, units=kit.unit_ids))


def tune_step(experiment: Experiment) -> list[Table]:
    """Choose the thresholds on the tuning kit. From here on the criteria of the test are written down."""
    work, kits = experiment.work, experiment.source.model_dump(mode="json")
    settings = {**experiment.tune.model_dump(mode="json"), "source": kits}
    with recorded(work, experiment.name, "tune", settings, read(work, "export").outputs) as outputs:
        found = {name: tuned(experiment, name) for name in graphs(experiment)}
        path = work / "thresholds.json"
        rows = {
            name: {"tuning": asdict(one), "what_if": [asdict(row) for row in more]}
            for name, (one, more) in found.items()
        }
        path.write_text(json.dumps(rows, indent=1) + "\n")
        outputs[path.name] = digest(path)
    write_down(experiment.qualify.criteria, work / CRITERIA)
    chosen, more = found[GRAPH]
    return [thresholds_table(chosen, region_names(experiment)), what_if_table(more, region_names(experiment))]


def region_names(experiment: Experiment) -> list[str]:
    """The regions, in order."""
    return [region.name for region in experiment.load_recipe().regions]


def evaluated(experiment: Experiment, name: str = GRAPH) -> Evaluation:
    """Figures of one graph on the test kit, with the thresholds that the tuning kit gave it."""
    kit, (chosen, _) = scores(experiment, "test", name), tuned(experiment, name)
    return evaluate(
        kit.scores,
        kit.kinds,
        kit.severities,
        chosen.thresholds,
        units=kit.unit_ids,
        truth=kit.truth,
        vials=len(experiment.load_recipe().vials),
        regions=region_names(experiment),
        policy=(experiment.evaluate.reject_runs, experiment.evaluate.runs),
        seconds=[] if kit.seconds is None else kit.seconds.tolist(),
        pixels=_pixels(experiment, name) if kit.truth is not None and name == GRAPH else None,
    )


def evaluate_step(experiment: Experiment) -> dict[str, Evaluation]:
    """Test the graph, and the baseline on one run of the kit. Figures go to evaluation.json."""
    work, kits = experiment.work, experiment.source.model_dump(mode="json")
    settings = {**experiment.evaluate.model_dump(mode="json"), "source": kits}
    inputs = {**read(work, "export").outputs, **read(work, "tune").outputs}
    if is_done(work, "evaluate", settings, inputs):
        return evaluations(experiment)
    with recorded(work, experiment.name, "evaluate", settings, inputs) as outputs:
        found = {TITLES[name]: evaluated(experiment, name) for name in graphs(experiment)}
        path = work / "evaluation.json"
        path.write_text(json.dumps({name: asdict(figures) for name, figures in found.items()}, indent=1) + "\n")
        outputs[path.name] = digest(path)
    return found


def evaluations(experiment: Experiment) -> dict[str, Evaluation]:
    """What `evaluate_step` wrote."""
    read(experiment.work, "evaluate")
    return TypeAdapter(dict[str, Evaluation]).validate_json((experiment.work / "evaluation.json").read_bytes())


def _pixels(experiment: Experiment, name: str) -> ProCurve:
    """The anomaly maps of the test kit's first run against the truth, pixel by pixel."""
    recipe, run = experiment.load_recipe(), engine(experiment, name)
    curve = ProCurve(ScoreBins(low=1e-5, high=100.0))
    tasks = [(unit, 0) for unit in kit_of(experiment, "test")]
    for part in track(acquired(tasks, recipe), "pixels", total=len(tasks)):
        found = run.infer(part.patches)
        for patch in range(len(part.patches)):
            heat, mask = heat_and_mask(found, part, patch)
            curve.add(heat, mask)
    return curve


def heat_and_mask(found: Inference, part: Cut, patch: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What the score of a patch is made of, and the truth at the same places: both [h, w]."""
    mask = np.zeros(part.patches.shape[1:], bool) if part.masks is None else part.masks[patch] > 0
    if found.anomaly_maps is None:
        border = (len(mask) - len(anomaly := anomaly_map(part.patches[patch], found.reconstructions[patch]))) // 2
        return anomaly, mask[border:-border, border:-border]
    anomaly = found.anomaly_maps[patch]
    return anomaly.repeat(len(mask) // len(anomaly), 0).repeat(len(mask) // len(anomaly), 1), mask
