"""From products to a qualified bundle, the whole way, with a small recipe and a barely trained network."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stripsight.bundle import Trust, load, make_keys
from stripsight.start import challenge, start_engine
from stripsight_lab.cli import app
from stripsight_lab.experiment import load_experiment
from stripsight_lab.pipeline.record import read

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "models/experiments/bfs-5x4.toml"
pytestmark = pytest.mark.timeout(900)  # the whole path, on a busy machine
STEPS = ("acquire", "train", "export", "tune", "evaluate", "qualify")

EXPERIMENT = """
name = "small"
recipe = "recipe.toml"

[source]
kind = "line"
training = { seed = 5, products = 10 }
tuning = { seed = 6, good = 20, defective = 11 }
test = { seed = 7, good = 6, defective = 11 }

[acquire]
runs = 1
frames = "inspected"
rank_images = false

[train]
method = "refine"
components = 4
periods = [60]
warm_up = 5
patches_per_region = 2
crop = 48
save_every = 20
network = { trunk = { width = 16, wide = 16 }, bottleneck = 4 }

[export]
frame_gain = 2.0

[tune]
thresholds = { method = "false-reject", target = 0.3 } # hardly trained: it must find one, for the challenge

[evaluate]
runs = 2
reject_runs = 1

[qualify]
panel = "simulated"
limits = ["It has hardly been trained."]
criteria = { detection_rate_min = 0.5, false_reject_rate_max = 0.5 }
"""


def small_recipe() -> str:
    """Two frames, one vial, and boxes of 256 px that become patches of 64."""
    text = (ROOT / "models/recipes/bfs-5x4.toml").read_text()
    text = text.replace("indices = [0, 7, 15]", "indices = [0, 7]").replace("size_px = 256", "size_px = 64")
    first, rest = text.split('[[vials]]\nname = "V2"')
    return first + rest[rest.index("[[regions]]") :]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all steps have been made once, by the command line."""
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "recipe.toml").write_text(small_recipe())
    (folder / "small.toml").write_text(EXPERIMENT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for step in STEPS:
            made = CliRunner().invoke(app, [step, "small.toml"], catch_exceptions=False)
            assert made.exit_code == 0, made.output
        make_keys(Path("ours.key"), Path("ours.pub"))
        ship = ["ship", "small.toml", "--out", "bundle", "--key", "ours.key"]
        shipped = CliRunner().invoke(app, ship, catch_exceptions=False)
        assert shipped.exit_code == 0
    return folder


def test_the_bundle_serves_and_says_how_it_was_made(folder: Path) -> None:
    """It is signed, loads, passes its own challenge set; card and manifest tell settings, figures and every step."""
    bundle = load(folder / "bundle", Trust.of(folder / "ours.pub"))
    assert bundle.signature_trusted
    assert challenge(start_engine(bundle), bundle).strips == 2
    assert bundle.fuse is not None
    assert "17 products that neither training nor tuning has seen, 34 acquisitions in 2 runs" in bundle.card
    assert "linear autoencoder alone" in bundle.card
    assert "It has hardly been trained." in bundle.card
    provenance = bundle.manifest.provenance
    assert provenance["settings"]["source"]["training"] == {"seed": 5, "products": 10}
    assert sorted(provenance["steps"]) == sorted(STEPS)
    assert provenance["export_parity"]["score_max_difference"] < 0.01


def test_each_step_says_what_it_read_and_wrote(folder: Path) -> None:
    """What a step read is what the one before wrote, by digest; versions, commit and machine stand beside it."""
    work = folder / "models/work/small"
    assert read(work, "tune").inputs == read(work, "export").outputs
    assert read(work, "evaluate").inputs.items() >= read(work, "tune").outputs.items()
    assert read(work, "qualify").inputs.items() >= read(work, "evaluate").outputs.items()
    record = read(work, "train")
    assert record.settings["periods"] == [60]
    assert record.versions["torch"] != "none"
    assert len(record.inputs["patches"]) == 64


def test_figures_come_from_the_test_kit(folder: Path) -> None:
    """Every defective product and every good one, in both runs, with the bundle before its baseline."""
    figures = json.loads((folder / "models/work/small/evaluation.json").read_text())
    assert list(figures) == ["this bundle", "linear autoencoder alone"]
    shipped = figures["this bundle"]
    assert (shipped["detection"]["total"], shipped["false_reject"]["total"]) == (22, 12)
    assert shipped["time"]["strips"] == 34
    assert 0 <= shipped["aupro"] <= 1


def test_the_report_is_there_and_knows_its_criteria(folder: Path) -> None:
    """The criteria stood before the test; no picture is in two kits; simulated panels are called so."""
    work = folder / "models/work/small"
    report = json.loads((work / "report/report.json").read_text())
    assert report["facts"]["changes"] == []
    assert [overlap["shared"] for overlap in report["overlaps"]] == [0, 0, 0]
    page = (work / "report/report.html").read_text()
    assert "SIMULATED INSPECTORS" in page
    assert "It has hardly been trained." in page


def test_a_step_before_its_time_names_the_one_to_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tuning what has not been exported says so."""
    monkeypatch.chdir(folder)
    (folder / "other.toml").write_text(EXPERIMENT.replace('"small"', '"other"'))
    with pytest.raises(ValueError, match="run `stripsight-lab export` first"):
        CliRunner().invoke(app, ["tune", "other.toml"], catch_exceptions=False)


def test_a_test_that_was_made_is_not_made_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is its time: the criteria stood before it. With other figures in the file it is."""
    copy = shutil.copytree(folder, tmp_path / "copy")  # later steps are of the figures in the folder of all tests
    monkeypatch.chdir(copy)
    work = copy / "models/work/small"
    before = read(work, "evaluate").started_at
    assert CliRunner().invoke(app, ["evaluate", "small.toml"], catch_exceptions=False).exit_code == 0
    assert read(work, "evaluate").started_at == before
    (work / "evaluation.json").write_text("{}")
    assert CliRunner().invoke(app, ["evaluate", "small.toml"], catch_exceptions=False).exit_code == 0
    assert read(work, "evaluate").started_at > before


def test_scores_are_kept_and_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a part of a kit's scores kept, the rest is made anew and comes out the same."""
    from stripsight_lab.kits import KitScores
    from stripsight_lab.pipeline.judge import scores

    monkeypatch.chdir(folder)
    experiment = load_experiment(Path("small.toml"))
    whole = scores(experiment, "test")
    path = max(
        (folder / "models/work/small/kits").glob("test-*.npz"), key=lambda kept: len(KitScores.load(kept).scores)
    )
    whole.rows(np.arange(34) < 10).save(path)
    assert np.array_equal(scores(experiment, "test").scores, whole.scores)
    assert len(KitScores.load(path).scores) == 34


@pytest.mark.parametrize("name", ["bfs-5x4", "paper-bfs-5x4", "paper-smoke", "elpv-mono"])
def test_the_experiments_that_are_committed_are_sound(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They parse, and so do the recipes they name."""
    monkeypatch.chdir(ROOT)
    experiment = load_experiment(ROOT / f"models/experiments/{name}.toml")
    assert experiment.name == name
    assert experiment.load_recipe().patch_count >= 4


def test_kits_of_one_seed_are_refused(tmp_path: Path) -> None:
    """Tuning and reporting on one kit is refused."""
    (tmp_path / "same.toml").write_text(SHIPPED.read_text().replace("seed = 202", "seed = 101"))
    with pytest.raises(ValueError, match="three different seeds"):
        load_experiment(tmp_path / "same.toml")
