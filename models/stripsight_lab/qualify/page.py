"""The page: facts into one HTML file. Templates, style and the charts' type lie in page/."""

from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from stripsight_lab.evaluate import tables, tuning_tables
from stripsight_lab.qualify import charts, people, texts, words
from stripsight_lab.qualify.facts import Facts
from stripsight_lab.qualify.inputs import ReportInputs

_FOLDER = Path(__file__).parent / "page"
_FILTERS = (
    words.share,
    words.severity,
    words.small,
    words.span,
    words.signed,
    words.signed_span,
    words.utc,
    words.parts,
)

SECTIONS = {
    "verdict": "Verdict on each criterion",
    "tested": "What was tested",
    "results": "Results, as in the paper's tables",
    "kinds": "By kind and severity",
    "people": "Against people: the Knapp-Kushner procedure",
    "what-if": "What if the thresholds were others",
    "scores": "Scores",
    "determinism": "Determinism",
    "separation": "Separation of the kits",
    "misses": "Misses",
    "false-rejects": "False rejects",
    "hits": "Some hits",
    "limits": "Known limits",
    "provenance": "Where the bundle comes from",
    "words": "Words",
    "sign-off": "Sign-off",
}
"""Each section's template in page/sections/, and its title."""


def render(inputs: ReportInputs, facts: Facts) -> str:
    """The whole page as text: no script, and nothing that lies outside the file."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    context = {**_identity(inputs), **_told(inputs, facts), **_tables(inputs, facts), "charts": _charts(inputs, facts)}
    return environment.get_template("report.html.j2").render(inputs=inputs, facts=facts, **context)


def _identity(inputs: ReportInputs) -> dict[str, Any]:
    label = inputs.panel.label if inputs.panel else ""
    return {
        "recipe": inputs.recipe,
        "evaluation": inputs.evaluation,
        "thresholds": inputs.evaluation.thresholds,
        "regions": {region.name: f"{region.name} {region.title}".rstrip() for region in inputs.recipe.regions},
        "css": Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),
        "sections": list(SECTIONS.items()),
        "short_id": f"bundle {inputs.bundle_id[:12]}" if inputs.bundle_id else f"graph {inputs.graph_sha256[:12]}",
        "label": label,
        "mark": "SIMULATED INSPECTORS" if label else "",
        "running_label": ", SIMULATED PRODUCT" * inputs.simulated_product + ", SIMULATED INSPECTORS" * bool(label),
        "provenance": list(words.flat(inputs.provenance)),
        "overlap_parts": list(dict.fromkeys(name for each in inputs.overlaps for name in each.counts)),
    }


def _told(inputs: ReportInputs, facts: Facts) -> dict[str, Any]:
    defective = sum(bool(unit.kind) for unit in facts.units)
    return {
        "headline": texts.HEADLINES[facts.verdict],
        "subline": texts.subline(inputs, facts),
        "good_units": len(facts.units) - defective,
        "defective_units": defective,
        "limits": list(texts.limits(inputs, facts)),
        "knapp_conclusion": texts.conclusion(facts.knapp) if facts.knapp else "",
        "panel_text": texts.panel_text(inputs.panel) if inputs.panel else "",
    }


def _tables(inputs: ReportInputs, facts: Facts) -> dict[str, Any]:
    bundle, every = inputs.evaluation, inputs.evaluations
    names = [region.name for region in inputs.recipe.regions]
    results = [tables.patches_table(bundle), tables.strips_table(every), tables.runs_table(every)]
    return {
        "result_tables": [table for table in results if table.rows],
        "kind_tables": [
            tables.kinds_table(every),
            tables.kinds_by_severity_table(bundle),
            tables.severities_table(every),
        ],
        "thresholds_table": tuning_tables.thresholds_table(inputs.tuning, names, "Thresholds, on the tuning kit"),
        "what_if_table": tuning_tables.what_if_table(inputs.what_if, names),
        "zones_table": people.zones_table(facts.knapp, facts.units) if facts.knapp else None,
        "behind_table": people.behind_table(facts.knapp, facts.units, inputs.inspectors) if facts.knapp else None,
    }


def _charts(inputs: ReportInputs, facts: Facts) -> dict[str, str]:
    defective = np.array([kind != "" for kind in inputs.test.kinds])
    thresholds = inputs.evaluation.thresholds
    names = [
        f"{region.name} {region.title}, threshold {threshold:.4f}"
        for region, threshold in zip(inputs.recipe.regions, thresholds, strict=True)
    ]
    found = {"histograms": charts.histograms(facts.maxima[~defective], facts.maxima[defective], names), "roc": ""}
    curve, bundle = inputs.evaluation.roc, inputs.evaluation
    if curve.detection:
        used = bundle.false_reject.value, bundle.detection.value
        found["roc"] = charts.roc(np.array(curve.false_reject), np.array(curve.detection), used)
    if facts.knapp and inputs.panel:
        truth = [bool(unit.kind) for unit in facts.units]
        found["zones"] = charts.zones(facts.knapp, truth, inputs.panel.simulated)
    return found
