"""Whatever a rule or a panel asks for is something that the real service exports, by name and by label."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.providers import ProviderChoice

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "stripsight.json"
FAR_S = 60.0

# What Prometheus itself says about each target and its alerts, and what it adds to each series.
OF_PROMETHEUS = {"up": {}, "ALERTS": {"alertstate": {"firing"}, "alertname": set()}}
ADDED = {"job", "instance"}
# What this machine's service cannot export: that of one with a GPU.
ELSEWHERE = {"provider": {"cuda"} & set(get_args(ProviderChoice))}

Exported = dict[str, dict[str, set[str]]]


class Asked(NamedTuple):
    """A series that an expression reads: its name, and label matchers as name and value."""

    name: str
    matchers: tuple[tuple[str, str], ...]


def walk(node: Any) -> Iterator[Any]:
    """Yield the parts of a parsed expression."""
    yield node
    for name in ("lhs", "rhs", "expr", "param"):
        if isinstance(part := getattr(node, name, None), promql.Expr):
            yield from walk(part)
    for part in getattr(node, "args", None) or ():
        yield from walk(part)


def asked(expression: str) -> list[Asked]:
    """Return the series that an expression reads."""
    parts = list(walk(promql.parse(expression)))
    selectors = [getattr(part, "vector_selector", part) for part in parts]
    found = [each for each in selectors if isinstance(each, promql.VectorSelector)]
    return [Asked(each.name, tuple((m.name, m.value) for m in each.matchers.matchers)) for each in found]


def grouped(expression: str) -> set[str]:
    """Return the labels that an expression groups or joins by."""
    names = re.findall(r"\b(?:by|on|without|ignoring) *\(([^)]*)\)", expression)
    return {label.strip() for each in names for label in each.split(",") if label.strip()}


def rule_expressions() -> list[str]:
    """Return the text of every rule's expression, on one line or folded over several."""
    pattern = re.compile(r"^( +)expr: *(?:>\n)?((?:.*\n)(?:\1  .*\n)*)", flags=re.MULTILINE)
    return [" ".join(match[2].split()) for file in RULES for match in pattern.finditer(file.read_text())]


def recorded() -> set[str]:
    """Return the series that rules record."""
    return {name for file in RULES for name in re.findall(r"record: (\S+)", file.read_text())}


def panels() -> list[tuple[str, str]]:
    """Return title and query of each panel, with Grafana's variables filled in."""
    filled = {"$instance": ".*", "$__rate_interval": "1m", "$__range": "5m"}
    found = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            query = target["expr"]
            for name, value in filled.items():
                query = query.replace(name, value)
            found.append((panel["title"], query))
    return found


@pytest.fixture(scope="module")
def served(start_for_module: Callable[..., Any], strip_bundle: Bundle) -> Any:
    """A server for this file."""
    return start_for_module(strip_bundle.path).started()


@pytest.fixture(scope="module")
def exported(served: Any) -> Exported:
    """The name of each series that the server exports, its labels, and their values."""
    with urllib.request.urlopen(f"http://{served.metrics}/metrics", timeout=FAR_S) as reply:
        text = reply.read().decode()
    found: Exported = {name: {} for name in recorded()} | OF_PROMETHEUS
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.parametrize("expression", [*rule_expressions(), *dict.fromkeys(query for _, query in panels())])
def test_what_is_asked_for_is_exported(expression: str, exported: Exported) -> None:
    """Each series, each label, and each value that a label is compared with."""
    wanted = asked(expression)
    labels: set[str] = set(ADDED)
    for name, matchers in wanted:
        assert name in exported
        labels |= exported[name].keys() if name not in recorded() else {"region", "stage"}
        for label, values in (pair for pair in matchers if pair[0] not in ADDED):
            assert label in exported[name]
            assert set(values.split("|")) <= exported[name][label] | ELSEWHERE.get(label, set())
    assert wanted or "vector" in expression
    assert grouped(expression) <= labels


def test_nothing_is_exported_that_nobody_looks_at(exported: Exported) -> None:
    """Each metric of the service is read by a rule or a panel."""
    read = {each.name for text in [*rule_expressions(), *(query for _, query in panels())] for each in asked(text)}
    parts = re.compile(r"_(bucket|count|sum|total|created)$")
    families = {parts.sub("", name) for name in exported if name.startswith("stripsight_")}
    assert families == {parts.sub("", name) for name in read if name.startswith("stripsight_")}


def test_every_panel_shows_something(
    served: Any,
    watch: Callable[[Any], Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
) -> None:
    """In a real Prometheus, after an accept, a reject and a call that was refused."""
    prometheus, client = watch(served), connect(served.target)
    ask(client, seed=101)
    ask(client, seed=104, defective=True)
    with pytest.raises(ServiceError):
        ask(client, product="another")
    for title, query in panels():
        assert prometheus.until_some(query), title


def test_the_dashboard_and_its_data_source_fit() -> None:
    """Every panel asks the data source that is provisioned, has a title and an explanation, and its own place."""
    source = re.search(r"uid: (\w+)", (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source
    cells: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert panel["title"] and not own & cells and at["x"] + at["w"] <= 24
        cells |= own
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == source[1] and panel["description"]
