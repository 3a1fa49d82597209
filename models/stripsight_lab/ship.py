"""From a trained generator to a bundle: export, tune, test, pick the challenge set, write."""

import hashlib
import importlib.metadata
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from torch import nn

from stripsight.bundle import Bundle, write
from stripsight.challenge import ChallengeStrip, Truth
from stripsight.engine import Engine
from stripsight.frame import FrameData, crc32c
from stripsight.recipe import PixelFormat, Recipe
from stripsight.verdict import Thresholds, Verdict, judge
from stripsight_lab.acquire import strip_patches
from stripsight_lab.card import CardFacts, card
from stripsight_lab.evaluate import Evaluation, evaluate
from stripsight_lab.experiment import Experiment, KitSettings
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.compact import compact
from stripsight_lab.graph.export import Parity, export_generator, parity
from stripsight_lab.kits import KitScores, load_scores, save_scores, score_kit
from stripsight_lab.line import Strip
from stripsight_lab.line.kit import KitItem, random_kit
from stripsight_lab.line.seeds import derive
from stripsight_lab.train_refiner import load_generator
from stripsight_lab.tune import Tuning, tune

_PACKAGES = ("numpy", "onnx", "onnxruntime-gpu", "onnxscript", "opencv-python-headless", "torch")


def ship(experiment: Experiment, file: Path, out: Path) -> Bundle:
    """Write the bundle of a trained experiment to `out`, which must be free. Returns it as loaded."""
    recipe = experiment.load_recipe()
    generator = load_generator(experiment.work / "checkpoint.pt")
    graph, linear = inspection_graph(generator, recipe), inspection_graph(generator.linear, recipe)
    shipped, baseline = _judged([graph, linear], experiment, recipe)
    agreement = _parity(generator, graph, experiment, recipe)
    facts = CardFacts(shipped.tuning, shipped.test, baseline.test, len(graph.SerializeToString()), agreement)
    return write(
        out,
        recipe_text=experiment.recipe.read_text(),
        graph=graph.SerializeToString(),
        thresholds=_thresholds(shipped.tuning, experiment, recipe),
        challenge=_challenge(graph, shipped, experiment, recipe),
        card_text=card(experiment, recipe, facts),
        provenance=_provenance(experiment, file, agreement),
    )


def inspection_graph(generator: nn.Module, recipe: Recipe) -> onnx.ModelProto:
    """Export a generator with its large weights in int8 and put the score around it."""
    size = recipe.patch.size_px
    exported = export_generator(generator, patch_size=size, patches_per_frame=recipe.patches_per_frame)
    return assemble(compact(exported, kind="int8"), patch_size=size)


def _engine(graph: onnx.ModelProto, recipe: Recipe) -> Engine:
    return Engine(graph.SerializeToString(), patch_size=recipe.patch.size_px)


def _kit(settings: KitSettings) -> list[KitItem]:
    return random_kit(settings.seed, settings.good, settings.defective)


@dataclass(frozen=True)
class Judged:
    """One graph on both kits: thresholds from the tuning kit's scores, figures from the test kit."""

    tuned_on: KitScores
    tuning: Tuning
    test: Evaluation


def _scores(
    kit: KitSettings, engines: list[Engine], experiment: Experiment, recipe: Recipe, digest: str
) -> list[KitScores]:
    """Score a kit, or read the scores that the same graphs already gave it."""
    size = f"{kit.seed}-{kit.good}-{kit.defective}-{kit.runs}"
    path = experiment.work / f"scores-{size}-{digest[:16]}.npz"
    if not path.exists():
        save_scores(path, score_kit(_kit(kit), kit.runs, recipe, engines))
    return load_scores(path)


def _judged(graphs: list[onnx.ModelProto], experiment: Experiment, recipe: Recipe) -> list[Judged]:
    engines = [_engine(graph, recipe) for graph in graphs]
    digest = hashlib.sha256(b"".join(graph.SerializeToString() for graph in graphs)).hexdigest()
    kit, test = experiment.tuning_kit, experiment.test_kit
    tuned_on = _scores(kit, engines, experiment, recipe, digest)
    tested_on = _scores(test, engines, experiment, recipe, digest)
    judged = []
    for scored, unseen in zip(tuned_on, tested_on, strict=True):
        tuning = tune(scored.scores, scored.defective, len(recipe.regions), kit.target_false_reject_rate)
        figures = evaluate(unseen.scores, unseen.kinds, unseen.severities, tuning.thresholds)
        judged.append(Judged(scored, tuning, figures))
    return judged


def _parity(generator: nn.Module, graph: onnx.ModelProto, experiment: Experiment, recipe: Recipe) -> Parity:
    strip = Strip.good(derive("parity", experiment.acquire.seed))
    return parity(generator, graph, strip_patches(strip, 0, recipe))


def _thresholds(tuning: Tuning, experiment: Experiment, recipe: Recipe) -> dict[str, dict[str, Any]]:
    how = {
        "method": "smallest thresholds of equal rank in each region at a target false-reject rate of the strip",
        "target_false_reject_rate": tuning.target_false_reject_rate,
        "kit_seed": experiment.tuning_kit.seed,
        "good": tuning.good,
        "good_rejected": tuning.good_rejected,
        "defective": tuning.defective,
        "defective_rejected": tuning.defective_rejected,
    }
    pairs = zip(recipe.regions, tuning.thresholds, strict=True)
    return {region.name: {"threshold": threshold, **how} for region, threshold in pairs}


def _challenge(graph: onnx.ModelProto, judged: Judged, experiment: Experiment, recipe: Recipe) -> list[ChallengeStrip]:
    """Two strips of the tuning kit: the good and the defective one that are judged by the widest margins."""
    scores, tuned = judged.tuned_on, judged.tuning.thresholds
    limits = {region.name: value for region, value in zip(recipe.regions, tuned, strict=True)}
    worst = (scores.scores.reshape(len(scores.scores), -1, len(tuned)) / tuned).max(axis=(1, 2))
    good = int(np.where(scores.defective, np.inf, worst).argmin())
    plain = int(np.where(scores.defective, worst, 0).argmax())
    chosen: list[tuple[str, Truth, int]] = [("good-1", "good", good), ("defective-1", "defective", plain)]
    by_id = {item.strip_id: item.strip for item in _kit(experiment.tuning_kit)}
    engine = _engine(graph, recipe)
    strips = []
    for name, truth, row in chosen:
        strip, run = by_id[scores.strip_ids[row]], int(scores.runs[row])
        found = engine.infer(strip_patches(strip, run, recipe)).scores
        verdict = judge(found, Thresholds(limits), recipe).verdict
        if verdict is not (Verdict.ACCEPT if truth == "good" else Verdict.REJECT):
            raise ValueError(f"challenge strip {name}: expected a {truth} strip to be judged so, found {verdict}")
        strips.append(ChallengeStrip(name, _frames(strip, run, recipe), found, verdict, truth))
    return strips


def _frames(strip: Strip, run: int, recipe: Recipe) -> tuple[FrameData, ...]:
    frames = strip.acquire(run, recipe.frame.indices).frames
    height, width = recipe.frame.height_px, recipe.frame.width_px
    return tuple(
        FrameData(index, data, PixelFormat.MONO8, width, height, crc32c(data))
        for index, data in zip(recipe.frame.indices, (frame.tobytes() for frame in frames), strict=True)
    )


def _provenance(experiment: Experiment, file: Path, agreement: Parity) -> dict[str, Any]:
    with (experiment.work / "patches.npy").open("rb") as patches:
        digest = hashlib.file_digest(patches, "sha256").hexdigest()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "experiment": file.name,
        "settings": experiment.model_dump(mode="json"),
        "training_patches_sha256": digest,
        "commit": commit or "unknown",
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "export_parity": asdict(agreement),
    }
