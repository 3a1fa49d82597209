"""CARD.md: what a bundle inspects, how good it is and on what, for people. Pure text from figures."""

from collections.abc import Mapping

from stripsight.recipe import Recipe
from stripsight_lab.evaluate import Evaluation
from stripsight_lab.evaluate.layout import markdown
from stripsight_lab.evaluate.tables import kinds_table, patches_table, runs_table, severities_table, strips_table
from stripsight_lab.evaluate.tuning_tables import thresholds_table
from stripsight_lab.experiment import Experiment
from stripsight_lab.source import LineSource
from stripsight_lab.tune import Tuning

_SCORES = {
    "mean_ssim": "The score of a patch is 1 - SSIM of the patch and its reconstruction.",
    "anomaly_map": "The score of a patch is the largest value of its anomaly map, -log(1 - p) with p the probability "
    "that a place is defective, read from what the generator could not redraw.",
}
_SIMULATED = (
    "**All figures are from the simulated line of this project, not from real product.** They show that the path works "
    "and how the parts compare; they say nothing about a real vial."
)


def card(experiment: Experiment, recipe: Recipe, tuning: Tuning, evaluations: Mapping[str, Evaluation]) -> str:
    """Write the card: markdown. The first of `evaluations` is the bundle's."""
    shipped = next(iter(evaluations.values()))
    parts = [
        f"# {recipe.product.title}\n",
        _what(recipe),
        _SIMULATED + "\n" if isinstance(experiment.source, LineSource) else "",
        "## How good\n",
        _kit(experiment, shipped),
        markdown(strips_table(evaluations)),
        markdown(runs_table(evaluations)),
        markdown(patches_table(shipped)),
        markdown(kinds_table(evaluations)),
        markdown(severities_table(evaluations)),
        "## Thresholds\n",
        _tuned(experiment, tuning),
        markdown(thresholds_table(tuning, [region.name for region in recipe.regions])),
        "## How it was made\n",
        f"`experiments/{experiment.name}.toml`; every setting, seed, version and digest is in `manifest.json`. Repeat "
        "with `make bundle`.\n",
        "## Known limits\n",
        *(f"- {limit}" for limit in experiment.qualify.limits),
        "",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _what(recipe: Recipe) -> str:
    return (
        f"Inspects {len(recipe.vials)} vials x {len(recipe.regions)} regions in {len(recipe.frame.indices)} frames of "
        f"{recipe.frame.width_px} x {recipe.frame.height_px} px: {recipe.patch_count} patches of "
        f"{recipe.patch.size_px} x {recipe.patch.size_px}. {_SCORES[recipe.scoring.method]} A strip is rejected when "
        "any patch reaches its region's threshold.\n"
    )


def _kit(experiment: Experiment, shipped: Evaluation) -> str:
    return (
        f"Test kit: {shipped.products} products that neither training nor tuning has seen, {shipped.acquisitions} "
        f"acquisitions in {experiment.evaluate.runs} runs. In brackets: 95 % intervals, over products.\n"
    )


def _tuned(experiment: Experiment, tuning: Tuning) -> str:
    target = "" if tuning.target is None else f", target {tuning.target:g}"
    return (
        f"Method `{tuning.method}`{target}, on a tuning kit of {tuning.good_units} good and {tuning.defective_units} "
        f"defective products in {experiment.tune.runs} runs, disjoint from the test kit.\n"
    )
