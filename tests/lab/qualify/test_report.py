"""The report of a small real run."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from stripsight_lab.qualify.determinism import determinism, repeated_scores
from stripsight_lab.qualify.gallery import Look
from stripsight_lab.qualify.inputs import ReportInputs
from stripsight_lab.qualify.overlap import find_overlap
from stripsight_lab.qualify.page import SECTIONS
from stripsight_lab.qualify.panel import Mark, Panel, read_panel, write_panel
from stripsight_lab.qualify.paper import PAPER
from stripsight_lab.qualify.report import write_report
from stripsight_lab.qualify.simulated_panel import simulate

VOID = {"meta", "img", "br", "path", "use", "rect", "line"}


class Page(HTMLParser):
    """Reads a page and refuses one that is not well formed; keeps what tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.outside: list[str] = []
        self.tags: set[str] = set()
        self.pictures: dict[str, int] = {}
        self.manual: list[str] = []
        self._unit = ""
        self._depth = 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "article":
            self._unit = str(given["id"]).removeprefix("unit-")
        if tag == "img":
            self.pictures[self._unit] = self.pictures.get(self._unit, 0) + 1
        if "data-manual" in given and not self._depth:
            self.manual.append("")
            self._depth = len(self.open)
        for name in ("src", "href", "xlink:href", "srcset", "data", "action", "background"):
            value = given.get(name) or "#"
            if not value.startswith(("#", "data:image/")):
                self.outside.append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            if self._depth == len(self.open):
                self._depth = 0
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.manual[-1] += data


def read(path: Path) -> tuple[Page, str, dict]:
    """The page as read and as text, and its data."""
    text = path.read_text(encoding="utf-8")
    return Page(text), text, json.loads((path.parent / "report.json").read_text())


def panel_of(run: ReportInputs, folder: Path, simulated: bool) -> Panel:
    """A panel of the run's units: simulated, or people's who find everything."""
    test, path = run.test, folder / "panel.csv"
    first = test.runs == 0
    units = [unit for unit, own in zip(test.unit_ids, first, strict=True) if own]
    kinds = [kind for kind, own in zip(test.kinds, first, strict=True) if own]
    people = [Mark(unit, "Ann", i, bool(kind)) for unit, kind in zip(units, kinds, strict=True) for i in range(1, 11)]
    write_panel(path, simulate(units, kinds, test.severities[first]) if simulated else people)
    return read_panel(path)


@pytest.fixture(scope="module")
def looked() -> list[str]:
    """The units that `whole` looked at."""
    return []


@pytest.fixture(scope="module")
def whole(
    small_run: ReportInputs,
    graph: Callable[[int], bytes],
    looked: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The report with every part, its panel simulated."""

    def look(unit: str, run: int) -> Look:
        looked.append(unit)
        return small_run.look(unit, run)

    folder = tmp_path_factory.mktemp("whole")
    conditions, spreads = repeated_scores(graph(32), small_run.look("Tg0", 0).patches, repeats=2)
    shared = find_overlap("seeds", {"tuning": [1], "test": [1]})
    inputs = replace(
        small_run,
        panel=panel_of(small_run, folder, simulated=True),
        determinism=determinism(conditions, spreads, small_run.test, small_run.evaluation.thresholds),
        overlaps=[find_overlap("units", {"tuning": "ab", "test": "cd"}), shared],
        paper=PAPER,
        look=look,
    )
    return write_report(inputs, folder / "new" / "report")


@pytest.fixture(scope="module")
def other(small_run: ReportInputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on people's results, with criteria relaxed after the test and a name that looks like markup."""
    folder = tmp_path_factory.mktemp("other")
    relaxed = small_run.criteria.model_copy(update={"false_reject_rate_max": 0.5, "least_severity": 0.2})
    inputs = replace(
        small_run,
        panel=panel_of(small_run, folder, simulated=False),
        simulated_product=False,
        criteria=relaxed,
        experiment="<script>alert(1)</script>",
    )
    return write_report(inputs, folder)


def test_every_miss_and_false_reject_is_pictured_once(whole: Path) -> None:
    """Three pictures a patch: of the unit missed always, the one missed in some runs, and the good one rejected."""
    page, _, data = read(whole)
    wrong = [unit for unit in data["facts"]["units"] if 0 < sum(unit["rejections"]) < 10 or _missed(unit)]
    assert {unit["unit_id"] for unit in wrong} == {"Td0", "Td1", "Tg3"}
    for unit in wrong:
        assert page.ids.count(f"unit-{unit['unit_id']}") == 1
        assert page.pictures[unit["unit_id"]] in (3, 6)
    shown = [each["unit"]["unit_id"] for each in data["facts"]["misses"]]
    assert shown == ["Td0", "Td1"]


def _missed(unit: dict) -> bool:
    return bool(unit["kind"]) and not any(unit["rejections"])


def test_nothing_but_what_is_shown_is_looked_at(whole: Path, looked: list[str]) -> None:
    """Inference costs half a second a strip: each pictured unit once, in one run."""
    assert whole.exists()
    assert sorted(looked) == ["Td0", "Td1", "Td2", "Tg3"]


def test_the_page_needs_nothing_beside_it(whole: Path) -> None:
    """No script, no link to anything outside, no style that loads; and it is well formed."""
    page, text, _ = read(whole)
    assert page.outside == []
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    assert "<?xml" not in text


def test_every_section_is_there_once(whole: Path) -> None:
    """Each with an anchor that the contents point to."""
    page, text, _ = read(whole)
    for section in SECTIONS:
        assert page.ids.count(section) == 1
        assert f'href="#{section}"' in text
    assert "claims no compliance" in text
    for step in ("prepared", "reviewed", "approved"):
        assert f"<td>{step}</td>" in text


def test_simulated_manual_figures_are_labelled_wherever_they_stand(whole: Path) -> None:
    """In the criteria's row, beside the procedure's figures, in its chart, on every printed page, and in the data."""
    page, text, data = read(whole)
    assert len(page.manual) == 2
    assert all("SIMULATED INSPECTORS" in block for block in page.manual)
    assert page.manual[1].count("SIMULATED INSPECTORS") >= 5
    assert "p by SIMULATED INSPECTORS" in text
    assert "SIMULATED INSPECTORS" in text[text.index("@bottom-left") : text.index("@bottom-right")]
    assert data["simulated"]["manual_results"] is True
    assert "people" not in page.manual[0]


def test_peoples_results_carry_no_such_label(other: Path) -> None:
    """The label means something because it is absent elsewhere."""
    page, text, data = read(other)
    assert "SIMULATED" not in text
    assert len(page.manual) == 2
    assert data["facts"]["knapp"]["rze_manual"]["value"] == 1
    assert data["facts"]["knapp"]["rze_machine"]["units"] == 4


def test_changed_criteria_are_named(other: Path) -> None:
    """What was relaxed after the test stands in the report with both values, and that is a criterion not met."""
    _, text, data = read(other)
    assert data["facts"]["changes"] == [
        {"name": "false_reject_rate_max", "before": "0.05", "now": "0.5"},
        {"name": "least_severity", "before": "0.0", "now": "0.2"},
    ]
    assert "<td>false_reject_rate_max</td>" in text
    assert data["facts"]["verdict"] == "not met"


def test_criteria_below_the_least_severity_do_not_count(other: Path) -> None:
    """Asked for severity 0.2 and above, the two faint units are out: 20 of 20. The tables still show all 40."""
    _, text, data = read(other)
    outcome = data["facts"]["outcomes"][0]
    assert outcome["name"] == "Detection rate, severity 0.20 and above"
    assert outcome["found"] == "20/20 = 1.000"
    assert data["evaluations"]["this bundle"]["detection"]["total"] == 40
    assert "23/40" in text


def test_names_are_text_and_never_markup(other: Path) -> None:
    """What comes from a file cannot add an element to the page."""
    page, text, _ = read(other)
    assert "script" not in page.tags
    assert "&lt;script&gt;" in text


def test_the_data_is_json_and_holds_the_figures(whole: Path, small_run: ReportInputs) -> None:
    """No NaN, no pictures; maxima of every acquisition, figures, settings, shared things."""
    raw = (whole.parent / "report.json").read_text()
    data = json.loads(raw, parse_constant=pytest.fail)
    assert "data:image" not in raw
    assert np.shape(data["facts"]["maxima"]) == (80, 4)
    assert data["evaluations"]["this bundle"]["false_reject"]["total"] == 40
    assert data["provenance"]["settings"]["train"]["seed"] == 7
    assert data["provenance"]["loss"] is None
    assert data["overlaps"][1]["shared"] == 1
    assert data["criteria_digest"] == small_run.criteria.digest


def test_times_need_a_zone(small_run: ReportInputs) -> None:
    """A report in local time could not be compared with another."""
    with pytest.raises(ValueError, match="made_at: expected a time with its zone"):
        replace(small_run, made_at=datetime(2026, 5, 4))
