"""Manual results from a CSV file."""

from pathlib import Path

import pytest

from stripsight_lab.qualify.panel import Mark, read_panel, write_panel

HEADER = "unit_id,inspector,inspection,rejected\n"


def written(folder: Path, text: str) -> Path:
    """A CSV file of this text."""
    path = folder / "manual.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_inspections_add_up_by_unit(tmp_path: Path) -> None:
    """Two inspectors, unequal counts; comments, blank lines and spaces do not count."""
    text = f"# kit of May\n{HEADER}\nu1,Ann,1,1\nu1, Bo ,1,0\nu1,Ann,2,1\nu2,Bo,1,0\n"
    panel = read_panel(written(tmp_path, text))
    assert panel.inspections.unit_ids == ("u1", "u2")
    assert panel.inspections.rejected.tolist() == [2, 0]
    assert panel.inspections.inspected.tolist() == [3, 1]
    assert panel.inspectors == ("Ann", "Bo")
    assert not panel.simulated
    assert panel.label == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected at least one inspection, found none"),
        (HEADER, "expected at least one inspection, found none"),
        (
            "unit,inspector\nu1,Ann\n",
            r"line 1: expected the columns unit_id,inspector,inspection,rejected\[,origin\], found unit,",
        ),
        (HEADER + "u1,Ann,1\n", "line 2: expected 4 values, found 3"),
        (HEADER + ",Ann,1,1\n", "line 2: unit_id: expected a name, found nothing"),
        (HEADER + "u1,,1,1\n", "line 2: inspector: expected a name, found nothing"),
        (HEADER + "\nu1,Ann,0,1\n", "line 3: inspection: expected a whole number from 1, found '0'"),
        (HEADER + "u1,Ann,1.5,1\n", r"line 2: inspection: expected a whole number from 1, found '1\.5'"),
        (HEADER + "u1,Ann,1,yes\n", "line 2: rejected: expected 0 or 1, found 'yes'"),
        (HEADER + "u1,Ann,1,1\nu1,Bo,1,1\nu1,Ann,1,0\n", "line 4: .* found inspection 1 of u1 by Ann also in line 2"),
        (
            HEADER.replace("\n", ",origin\n") + "u1,Ann,1,1,robot\n",
            "line 2: origin: expected people or simulated, found 'robot'",
        ),
    ],
)
def test_errors_name_line_expected_and_found(tmp_path: Path, text: str, message: str) -> None:
    """Whoever typed the file finds the place at once."""
    with pytest.raises(ValueError, match=f"manual.csv.*{message}"):
        read_panel(written(tmp_path, text))


def test_what_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A spreadsheet's other encodings would change names in silence."""
    path = tmp_path / "manual.csv"
    path.write_bytes(HEADER.encode() + "u1,Jörg,1,1\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"expected UTF-8, found .* at byte 42"):
        read_panel(path)


def test_written_results_read_back_with_their_origin(tmp_path: Path) -> None:
    """The origin stands in every line."""
    path = tmp_path / "manual.csv"
    write_panel(path, [Mark("u1", "x, y", 1, True, "simulated"), Mark("u2", "x, y", 1, False, "simulated")])
    assert all(line.endswith(",simulated") for line in path.read_text().splitlines()[1:])
    panel = read_panel(path)
    assert panel.simulated
    assert panel.inspectors == ("x, y",)


def test_one_simulated_line_makes_a_simulated_panel(tmp_path: Path) -> None:
    """People's results that were filled up with simulated ones are not people's results."""
    path = tmp_path / "manual.csv"
    write_panel(path, [Mark("u1", "Ann", 1, True), Mark("u2", "Ann", 1, False, "simulated")])
    assert read_panel(path).label.startswith("SIMULATED INSPECTORS")
