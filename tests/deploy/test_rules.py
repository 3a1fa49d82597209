"""deploy/prometheus: Prometheus takes it, alerts say what they should, and people find each explained."""

import re
import subprocess
from pathlib import Path

import pytest

from stripsight.alarms import AlarmCode

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
CASES = sorted(Path(__file__).with_name("rules").glob("*.yml"))
ALERTS = re.findall(r"alert: (\S+)", "".join(file.read_text() for file in RULES))


@pytest.mark.parametrize(
    "command",
    [
        ["check", "config", str(PROMETHEUS / "prometheus.yml")],
        ["check", "rules", *map(str, RULES)],
        *(["test", "rules", str(case)] for case in CASES),
    ],
    ids=lambda command: f"{command[0]} {Path(command[2]).stem}",
)
def test_promtool(command: list[str]) -> None:
    """Prometheus's own tool finds no fault, and the rules say what the cases beside this file expect."""
    answer = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_rule_is_tested() -> None:
    """No recorded series and no alert is without its case."""
    cases = "".join(file.read_text() for file in CASES)
    names = re.findall(r"(?:record|alert): (\S+)", "".join(file.read_text() for file in RULES))
    assert names
    assert [name for name in names if not re.search(rf"{name}\b", cases)] == []


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_explained(alert: str) -> None:
    """An entry of its own says what it means and what to do."""
    assert f"\n### {alert}\n" in (ROOT / "docs/alarms.md").read_text()


@pytest.mark.parametrize("code", list(AlarmCode))
def test_every_alarm_is_explained_and_told(code: AlarmCode) -> None:
    """Each alarm of the service has its row, which names the alert that monitoring raises for it."""
    row = re.search(rf"^\| `{code}` \|.*$", (ROOT / "docs/alarms.md").read_text(), flags=re.MULTILINE)
    assert row
    assert set(re.findall(r"\[(\w+)\]\(#", row[0])) & set(ALERTS)
