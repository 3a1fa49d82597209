"""deploy/prometheus: Prometheus takes it, alerts say what they should, the metrics they name are exported."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import Metric

from stripsight.metrics import Metrics
from stripsight.recipe import load_recipe

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "stripsight.rules.yml"

# What Prometheus itself says about each target.
OF_PROMETHEUS = {"up"}
LABELS_OF_PROMETHEUS = {"job", "instance"}


@pytest.fixture(scope="module")
def exported() -> list[Metric]:
    """What the service exports once it serves the product that ships."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry)
    metrics.bundle_loaded("0" * 64, load_recipe((ROOT / "models/recipes/bfs-5x4.toml").read_bytes()))
    for provider in ("cpu", "cuda"):
        metrics.service.provider_in_use(provider)
    return list(registry.collect())


def expressions() -> Iterator[str]:
    """The text of every rule's expression, on one line or folded over several."""
    for match in re.finditer(r"^( +)expr: *(>\n)?((?:.*\n)(?:\1  .*\n)*)", RULES.read_text(), flags=re.MULTILINE):
        yield match[3]


def named(text: str) -> set[str]:
    """The series that an expression reads: its words but functions, keywords, labels and durations."""
    bare = re.sub(r'"[^"]*"|\b(?:by|on|ignoring|without) *\([^)]*\)|\[\w+\]|\{[^}]*\}', " ", text)
    return set(re.findall(r"\b[a-z_][a-z0-9_:]*\b(?! *\()", bare)) - {"and", "or", "unless"}


@pytest.mark.parametrize(
    "command",
    [
        ["check", "config", str(PROMETHEUS / "prometheus.yml")],
        ["check", "rules", str(RULES)],
        ["test", "rules", str(Path(__file__).with_name("rules.yml"))],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool(command: list[str]) -> None:
    """Prometheus's own tool finds no fault, and the rules say what rules.yml beside this file expects."""
    answer = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_metric_is_exported(exported: list[Metric]) -> None:
    """Each series that a rule reads is exported by the service, recorded by a rule, or Prometheus's own."""
    samples = {sample.name for metric in exported for sample in metric.samples}
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    read = set().union(*map(named, expressions()))
    assert "stripsight_ready" in read
    assert "stripsight_inspection_duration_seconds_bucket" in read
    assert read <= samples | recorded | OF_PROMETHEUS


def test_every_label_value_can_occur(exported: list[Metric]) -> None:
    """Each value that a rule asks a label for is one that the service sets."""
    set_here = {pair for metric in exported for sample in metric.samples for pair in sample.labels.items()}
    asked = [
        (label, value)
        for text in expressions()
        for label, values in re.findall(r'(\w+)[=!]~?"([^"]*)"', text)
        for value in values.split("|")
        if label not in LABELS_OF_PROMETHEUS
    ]
    assert ("verdict", "REJECT") in asked
    assert set(asked) <= set_here


def test_every_rule_is_tested() -> None:
    """No recorded series and no alert is without its case in rules.yml."""
    cases = Path(__file__).with_name("rules.yml").read_text()
    names = re.findall(r"(?:record|alert): (\S+)", RULES.read_text())
    assert names
    assert [name for name in names if not re.search(rf"{name}\b", cases)] == []
