"""A real server whose strips no longer look like those that its bundle was tuned on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stripsight import bundle as bundles
from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.drift.baseline import baseline_of


@pytest.fixture
def calm(strip_bundle: Bundle, tmp_path: Path) -> Path:
    """The bundle with 60 patches, with a baseline of 400 strips that scored next to nothing and were accepted."""
    recipe = strip_bundle.recipe
    scores = np.full((400, len(recipe.vials), len(recipe.regions)), 1e-6)
    return bundles.write(
        tmp_path / "calm",
        recipe_text=(strip_bundle.path / "recipe.toml").read_text(),
        graph=strip_bundle.graph,
        thresholds={name: {"threshold": value} for name, value in strip_bundle.thresholds.values.items()},
        baseline=baseline_of(scores, 0, recipe),
        challenge=strip_bundle.challenge,
        card_text=strip_bundle.card,
        provenance={},
    ).path


def scraped(address: str) -> dict[str, float]:
    """Each drift metric and alarm by its labels."""
    text = urlopen(f"http://{address}/metrics").read().decode()
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_drift_is_told_by_status_and_metrics(
    calm: Path, start: Callable[..., Any], connect: Callable[[str], Client], ask: Callable[..., Answer]
) -> None:
    """A hundred strips that score higher than the baseline and are rejected more often: both alarms, once enough."""
    server = start(calm).started()
    client = connect(server.target)
    for _ in range(99):
        ask(client, defective=True)
    assert not client.status().alarms
    ask(client, defective=True)
    alarms = {alarm.code: alarm for alarm in client.status().alarms}
    assert set(alarms) == {"DRIFT_REJECTS_HIGH", "DRIFT_SCORES_HIGH"}
    assert "100.0% of the last 100 strips rejected; 0 of 400" in alarms["DRIFT_REJECTS_HIGH"].message
    assert "in 20 of 20" in alarms["DRIFT_SCORES_HIGH"].message
    assert all(alarm.since.seconds and not alarm.urgent for alarm in alarms.values())
    found = scraped(server.metrics)
    assert found["stripsight_drift_strips"] == 100
    assert found["stripsight_drift_rejects_deviation"] > 5
    assert found["stripsight_drift_scores_deviation R3 V5"] > 5
    assert [found[f"stripsight_alarm {code}"] for code in ("DRIFT_REJECTS_HIGH", "DRIFT_SCORES_LOW")] == [1, 0]


def test_a_bundle_without_a_baseline_is_served_all_the_same(
    strip_bundle: Bundle, start: Callable[..., Any], connect: Callable[[str], Client]
) -> None:
    """Nothing is watched, and nothing stands."""
    server = start(strip_bundle.path).started()
    assert not connect(server.target).status().alarms
    found = scraped(server.metrics)
    assert found["stripsight_drift_strips"] == 0
    assert found["stripsight_alarm DRIFT_SCORES_HIGH"] == 0
