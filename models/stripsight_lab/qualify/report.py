"""The qualification report: one HTML file that needs nothing beside it, and its data as JSON."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from stripsight_lab.qualify.facts import Facts, gather
from stripsight_lab.qualify.inputs import KitUsed, ReportInputs
from stripsight_lab.qualify.page import render

__all__ = ["KitUsed", "ReportInputs", "write_report"]

SCHEMA_VERSION = 1
_NOT_DATA = {"look", "test"}  # a function, and the patch scores, which lie beside the report already
_PICTURES = {"__all__": {"panes": {"__all__": {"pictures"}}}}


def write_report(inputs: ReportInputs, folder: Path) -> Path:
    """Write report.html and report.json below `folder`, which is made if need be; return the HTML file's path.

    Raises ValueError where the parts do not belong together: other units in the panel than in the kit, other
    thresholds than regions.
    """
    facts = gather(inputs)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_text(render(inputs, facts), encoding="utf-8")
    (folder / "report.json").write_bytes(_data(inputs, facts))
    return page


def _data(inputs: ReportInputs, facts: Facts) -> bytes:
    """All that the page shows but its pictures. NaN and infinity, for which JSON has no numbers, become null."""
    given = {field.name: getattr(inputs, field.name) for field in fields(inputs) if field.name not in _NOT_DATA}
    panel = inputs.panel
    data: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "simulated": {
            "product": inputs.simulated_product,
            "manual_results": bool(panel and panel.simulated),
            "label": panel.label if panel else "",
        },
        "criteria_digest": inputs.criteria.digest,
        **given,
        "facts": facts,
    }
    left_out = {"facts": dict.fromkeys(("misses", "false_rejects", "hits"), _PICTURES)}
    return to_json(data, indent=1, inf_nan_mode="null", exclude=left_out, fallback=_listed)


def _listed(value: np.generic | NDArray[Any]) -> object:
    return value.tolist()
