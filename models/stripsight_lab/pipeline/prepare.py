"""From products to a trained network and its graph: acquire, train, export."""

import json
from dataclasses import asdict
from pathlib import Path

import onnx
from torch import nn

from stripsight.recipe import Recipe
from stripsight_lab.dataset.acquire import acquire as acquire_patches
from stripsight_lab.dataset.cut import cut
from stripsight_lab.dataset.store import PatchStore
from stripsight_lab.experiment import Experiment
from stripsight_lab.gan.checkpoint import load_autoencoder
from stripsight_lab.gan.ranks import is_first_process
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.train import train as train_gan
from stripsight_lab.graph.assemble import assemble, map_side
from stripsight_lab.graph.compact import compact
from stripsight_lab.graph.export import export_generator, parity
from stripsight_lab.graph.fuse import Fusion
from stripsight_lab.pipeline.record import digest, is_done, recorded
from stripsight_lab.training.linear import LinearSettings, load_linear, train_linear
from stripsight_lab.training.train import load_network
from stripsight_lab.training.train import train as train_refined

CHECKPOINT = "checkpoint.pt"
GRAPH = "inspect.onnx"
FUSE = "fuse.onnx"
BASELINE = "linear.onnx"
PARITY = "parity.json"


def acquire(experiment: Experiment) -> None:
    """Acquire the good products and cut them into patches; goes on where it was stopped."""
    settings = {"source": experiment.source.model_dump(mode="json"), **experiment.acquire.model_dump(mode="json")}
    experiment.work.mkdir(parents=True, exist_ok=True)
    with recorded(experiment.work, experiment.name, "acquire", settings, {"recipe": digest(experiment.recipe)}):
        acquire_patches(
            experiment.source.training(), experiment.load_recipe(), patches_folder(experiment), experiment.acquire
        )


def patches_folder(experiment: Experiment) -> Path:
    """Where training patches are."""
    return experiment.work / "patches"


def train(experiment: Experiment) -> None:
    """Train on the acquired patches; goes on from the checkpoint of a training that was stopped."""
    training = PatchStore(patches_folder(experiment), "training")
    held_out = PatchStore(patches_folder(experiment), "validation")
    validation = held_out if held_out.count else None
    if isinstance(experiment.train, GanSettings) and not is_first_process():
        train_gan(training, validation, experiment.work, experiment.train)  # the first process of torchrun writes
        return
    inputs = {"patches": training.digest()}
    with recorded(experiment.work, experiment.name, "train", asdict(experiment.train), inputs) as outputs:
        if isinstance(experiment.train, GanSettings):
            path = train_gan(training, validation, experiment.work, experiment.train)
        elif isinstance(experiment.train, LinearSettings):
            path = train_linear(training, experiment.work, experiment.train)
        else:
            path = train_refined(training, experiment.work, experiment.train)
        outputs[CHECKPOINT] = digest(path)


def export(experiment: Experiment) -> None:
    """Write the inspection graph, the fusing one, and that of the linear autoencoder alone: those that there are."""
    recipe, work = experiment.load_recipe(), experiment.work
    # The unit stands here since there were graphs of whole strips: those are made anew.
    settings = experiment.export.model_dump() | {"scoring": recipe.scoring.method, "unit": "frame"}
    inputs = {CHECKPOINT: digest(work / CHECKPOINT), "recipe": digest(experiment.recipe)}
    if is_done(work, "export", settings, inputs):
        return
    network, baseline = _networks(experiment, recipe)
    fusion = _fusion(experiment, recipe)
    with recorded(work, experiment.name, "export", settings, inputs) as outputs:
        for name, module in ((GRAPH, network), (BASELINE, baseline)):
            if module is not None:
                outputs[name] = _written(work / name, inspection_graph(module, experiment, recipe))
        graph = onnx.load(work / GRAPH)
        if fusion:
            outputs[FUSE] = _written(work / FUSE, fusion.graph(map_side(graph)))
        unit = experiment.source.tuning_kit()[0]
        agreement = parity(network, graph, cut(unit, 0, recipe).patches, fusion)
        (work / PARITY).write_text(json.dumps(asdict(agreement), indent=1) + "\n")
        outputs[PARITY] = digest(work / PARITY)


def _written(path: Path, graph: onnx.ModelProto) -> str:
    path.write_bytes(graph.SerializeToString())
    return digest(path)


def _networks(experiment: Experiment, recipe: Recipe) -> tuple[nn.Module, nn.Module | None]:
    """The network that the recipe's score needs, and the linear part of it, which is the baseline."""
    checkpoint, by_map = experiment.work / CHECKPOINT, recipe.scoring.method == "anomaly_map"
    if isinstance(experiment.train, GanSettings):
        if by_map:
            raise ValueError(f"{experiment.recipe}: expected scoring by mean_ssim for a GAN, found anomaly_map")
        return load_autoencoder(checkpoint), None
    if isinstance(experiment.train, LinearSettings):
        local = load_linear(checkpoint)
        return local if by_map else local.linear, local.linear
    network = load_network(checkpoint)
    return network if by_map else network.generator, network.generator.linear


def inspection_graph(module: nn.Module, experiment: Experiment, recipe: Recipe) -> onnx.ModelProto:
    """Export a network and put the score around it."""
    size = recipe.patch.size_px
    weights, arithmetic = experiment.export.weights, experiment.export.arithmetic
    exported = export_generator(
        module, patch_size=size, patches_per_frame=recipe.patches_per_frame, arithmetic=arithmetic
    )
    stored = exported if weights == "float32" or arithmetic == "float16" else compact(exported, kind=weights)
    return assemble(stored, patch_size=size)


def _fusion(experiment: Experiment, recipe: Recipe) -> Fusion | None:
    gain = experiment.export.frame_gain
    if not gain or recipe.scoring.method != "anomaly_map":
        return None
    return Fusion(len(recipe.frame.indices), recipe.patches_per_frame, gain)
