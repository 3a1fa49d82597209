"""The panel that nobody sat on."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from stripsight_lab.qualify.panel import read_panel, write_panel
from stripsight_lab.qualify.simulated_panel import PanelSettings, psychometric, simulate

SEVERITIES = (0.0, 0.1, 0.3, 0.9)


def shares(settings: PanelSettings, copies: int = 40) -> list[float]:
    """Share of rejections at each of the severities, over `copies` units each."""
    units = [f"u{severity}-{copy}" for severity in SEVERITIES for copy in range(copies)]
    kinds = ["spot" if severity else "" for severity in SEVERITIES for _ in range(copies)]
    marks = simulate(units, kinds, np.repeat(SEVERITIES, copies), settings)
    rejected = Counter(mark.unit_id.split("-")[0] for mark in marks if mark.rejected)
    return [rejected[f"u{severity}"] / (copies * settings.inspections) for severity in SEVERITIES]


def test_psychometric_function_by_hand() -> None:
    """At the threshold 1 - 1/e of what lies between guess and lapse; 0.02 at severity 0, 0.96 far above."""
    assert psychometric(0.3, 0.3, 2, 0.02, 0.04) == pytest.approx(0.02 + 0.94 * 0.632121, abs=1e-6)
    assert psychometric(0, 0.3, 2, 0.02, 0.04) == 0.02
    assert psychometric(9, 0.3, 2, 0.02, 0.04) == pytest.approx(0.96)


def test_plainer_defects_are_rejected_more_often() -> None:
    """From the false-reject rate for good units to one less the lapses for plain ones."""
    found = shares(PanelSettings(false_reject_rate=0.05, lapse_rate=0.05))
    assert found == sorted(found)
    assert 0.01 < found[0] < 0.12
    assert 0.85 < found[-1] < 0.99


def test_without_noise_the_panel_follows_the_function() -> None:
    """No spread, no lapses, no false rejects: good units pass always, plain ones never."""
    exact = PanelSettings(
        kind_spread=0, inspector_spread=0, unit_spread=0, lapse_rate=0, false_reject_rate=0, threshold=0.1, slope=10
    )
    found = shares(exact, copies=20)
    assert found[0] == 0
    assert found[1] == pytest.approx(0.632, abs=0.05)
    assert found[2:] == [1, 1]


def test_every_unit_is_inspected_so_many_times_by_all_inspectors(tmp_path: Path) -> None:
    """50 inspections by 5 inspectors, numbered from 1 for each, as a file reads back."""
    path = tmp_path / "panel.csv"
    write_panel(path, simulate(["a", "b"], ["", "spot"], np.array([0, 0.5])))
    panel = read_panel(path)
    assert panel.inspections.inspected.tolist() == [50, 50]
    assert len(panel.inspectors) == 5


def test_a_seed_repeats_and_a_unit_does_not_depend_on_its_neighbours() -> None:
    """The same unit in a smaller kit gets the same results; another seed gives others."""
    severities = np.array([0.2, 0.25, 0.3])
    both = simulate(["a", "b", "c"], ["spot"] * 3, severities)
    alone = simulate(["b"], ["spot"], severities[1:2])
    other = simulate(["b"], ["spot"], severities[1:2], PanelSettings(seed=2))
    assert [mark for mark in both if mark.unit_id == "b"] == alone
    assert [mark.rejected for mark in alone] != [mark.rejected for mark in other]


def test_defects_that_nobody_graded_are_inspected_too() -> None:
    """Not a number is no severity; the setting's stands in."""
    marks = simulate(["a"], ["crack"], np.array([np.nan]), PanelSettings(ungraded_severity=1))
    assert sum(mark.rejected for mark in marks) > 40


def test_the_label_survives_the_loss_of_its_column(tmp_path: Path) -> None:
    """Without the origin column the inspectors' names still say it."""
    path = tmp_path / "panel.csv"
    write_panel(path, simulate(["a"], [""], np.array([0.0])))
    path.write_text("".join(line.rpartition(",")[0] + "\n" for line in path.read_text().splitlines()))
    assert "origin" not in path.read_text()
    assert read_panel(path).simulated
