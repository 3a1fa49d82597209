"""CARD.md: what a bundle inspects, how good it is and on what, for people. Pure text from figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stripsight.recipe import Recipe
from stripsight_lab.evaluate import Evaluation, Rate
from stripsight_lab.experiment import Experiment
from stripsight_lab.graph.export import Parity
from stripsight_lab.tune import Tuning


@dataclass(frozen=True)
class CardFacts:
    """What the card reports beside the experiment's own settings."""

    tuning: Tuning
    shipped: Evaluation
    baseline: Evaluation
    graph_bytes: int
    parity: Parity


def _rates(rates: Mapping[str, Rate], baseline: Mapping[str, Rate]) -> Iterable[str]:
    for name, rate in rates.items():
        yield f"| {name} | {rate} | {baseline[name]} |"


def card(experiment: Experiment, recipe: Recipe, facts: CardFacts) -> str:
    """Write the card: markdown."""
    tuning, test, shipped, base = facts.tuning, experiment.test_kit, facts.shipped, facts.baseline
    thresholds = ", ".join(
        f"{region.name} {value:.6f}" for region, value in zip(recipe.regions, tuning.thresholds, strict=True)
    )
    lines = [
        f"# {recipe.product.title}",
        "",
        f"Inspects {len(recipe.vials)} vials x {len(recipe.regions)} regions in {len(recipe.frame.indices)} frames of "
        f"{recipe.frame.width_px} x {recipe.frame.height_px} px: {recipe.patch_count} patches of "
        f"{recipe.patch.size_px} x {recipe.patch.size_px}. The score of a patch is 1 - SSIM; a strip is rejected when "
        "any patch reaches its region's threshold.",
        "",
        "**All figures are from the simulated line of this project, not from real product.** They show that the "
        "path works and how the parts compare; they say nothing about a real vial.",
        "",
        "## How good",
        f"Test kit: {test.good} good and {test.defective} defective strips that neither training nor tuning has seen, "
        f"{test.runs} acquisition(s) each (seed {test.seed}). Severities run from plain (1.0) to barely visible (0.1). "
        "In brackets: Wilson's 95 % interval, which takes the acquisitions of one strip as independent.",
        "",
        "| | this bundle | linear autoencoder alone |",
        "|---|---|---|",
        f"| detection rate | {shipped.detection} | {base.detection} |",
        f"| false-reject rate | {shipped.false_reject} | {base.false_reject} |",
        f"| AUROC of the strip's largest score over threshold | {shipped.auroc:.3f} | {base.auroc:.3f} |",
        "",
        "The linear autoencoder is the baseline: same data, same tuning, same kit.",
        "",
        "| defect | found by this bundle | by the baseline |",
        "|---|---|---|",
        *_rates(shipped.by_kind, base.by_kind),
        "",
        "| severity | found by this bundle | by the baseline |",
        "|---|---|---|",
        *_rates(shipped.by_severity, base.by_severity),
        "",
        "## Thresholds",
        f"{thresholds}. Tuned to reject at most {tuning.target_false_reject_rate:.0%} of the good strips of a "
        f"tuning kit (seed {experiment.tuning_kit.seed}): there {tuning.good_rejected} of {tuning.good} good and "
        f"{tuning.defective_rejected} of {tuning.defective} defective acquisitions were rejected.",
        "",
        "## How it was made",
        f"- Training: {experiment.acquire.strips} good strips x {experiment.acquire.runs} runs (seed "
        f"{experiment.acquire.seed}); {experiment.train.components} linear components a region; refiner of "
        f"{experiment.train.refiner.width}/{experiment.train.refiner.wide} channels, {experiment.train.steps} steps.",
        f"- Graph: {facts.graph_bytes / 1e6:.1f} MB, opset 18, the linear bases stored in int8. Against the network in "
        f"float64 and scikit-image's SSIM, on {facts.parity.patches} patches: scores within "
        f"{facts.parity.score_max_difference:.1e}, reconstructions within "
        f"{facts.parity.reconstruction_max_difference} grey levels.",
        "- Settings, seeds, versions and data hash: `manifest.json`. Repeat with `make bundle`.",
        "",
        "## Known limits",
        "- The mean over the SSIM map dilutes a small defect: a particle of 10 px changes under 1 % of the map.",
        "- Bubbles are redrawn, so a defect that looks like one is missed.",
        "- The maximum over all patches adds up the false rejects of each.",
        "",
    ]
    return "\n".join(lines)
