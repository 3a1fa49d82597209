"""From figures to a qualification report: manual inspection, determinism, overlap, criteria, pictures."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from stripsight_lab.dataset.cut import cut
from stripsight_lab.dataset.digest import picture_digests
from stripsight_lab.dataset.store import PatchStore
from stripsight_lab.experiment import Experiment
from stripsight_lab.kits import KitScores
from stripsight_lab.pipeline.judge import CRITERIA, engine, evaluations, fuse_graph, kit_of, scores, tuned
from stripsight_lab.pipeline.prepare import GRAPH, patches_folder
from stripsight_lab.pipeline.record import commit, digest, read, recorded
from stripsight_lab.qualify.criteria import written_before
from stripsight_lab.qualify.determinism import Determinism, determinism, repeated_scores
from stripsight_lab.qualify.gallery import Look
from stripsight_lab.qualify.inputs import KitUsed, ReportInputs
from stripsight_lab.qualify.overlap import Overlap, find_overlap
from stripsight_lab.qualify.panel import Panel, read_panel, write_panel
from stripsight_lab.qualify.paper import PAPER
from stripsight_lab.qualify.report import write_report
from stripsight_lab.qualify.simulated_panel import PanelSettings, simulate
from stripsight_lab.source import LineSource

REPEATED_UNITS = 2
"""Units whose patches are scored again and again."""
READ_AT_ONCE = 256


def qualify_step(experiment: Experiment) -> Path:
    """Write report/report.html and report/report.json below the work folder; return the HTML file's path."""
    work = experiment.work
    inputs = {**read(work, "export").outputs, **read(work, "tune").outputs, **read(work, "evaluate").outputs}
    with recorded(work, experiment.name, "qualify", experiment.qualify.model_dump(mode="json"), inputs) as outputs:
        page = write_report(_inputs(experiment), work / "report")
        for name in ("report/report.html", "report/report.json"):
            outputs[name] = digest(work / name)
    return page


def _inputs(experiment: Experiment) -> ReportInputs:
    work, test = experiment.work, scores(experiment, "test")
    tuning, more = tuned(experiment)
    tested_at = read(work, "evaluate").started_at
    return ReportInputs(
        recipe=experiment.load_recipe(),
        bundle_id="",  # the bundle is written after its report
        graph_sha256=digest(work / GRAPH),
        experiment=experiment.name,
        provenance={
            "commit": commit(),
            **{step: read(work, step).model_dump(mode="json") for step in ("train", "export", "tune", "evaluate")},
        },
        kits=_kits(experiment),
        simulated_product=isinstance(experiment.source, LineSource),
        test=test,
        tested_at=tested_at,
        evaluations=evaluations(experiment),
        tuning=tuning,
        what_if=more,
        criteria=experiment.qualify.criteria,
        written=written_before(work / CRITERIA, tested_at),
        panel=_panel(experiment, test),
        determinism=_determinism(experiment, test, tuning.thresholds),
        overlaps=_overlaps(experiment, test),
        look=_Looking(experiment),
        made_at=datetime.now(UTC),
        limits=experiment.qualify.limits,
        paper=PAPER if isinstance(experiment.source, LineSource) else None,
    )


def _kits(experiment: Experiment) -> list[KitUsed]:
    """What each part of the data was; a kit's digest is that of its scores' pictures."""
    training = PatchStore(patches_folder(experiment), "all")
    found = [
        KitUsed(
            "training",
            training.digest(),
            len(experiment.source.training()),
            0,
            experiment.acquire.runs,
            _origin(experiment),
        )
    ]
    for name in ("tuning", "test"):
        kit = scores(experiment, name)
        units = dict(zip(kit.unit_ids, kit.kinds, strict=True))
        defective = sum(kind != "" for kind in units.values())
        runs = len(kit.unit_ids) // len(units)
        found.append(KitUsed(name, _content(kit), len(units) - defective, defective, runs, _origin(experiment)))
    return found


def _panel(experiment: Experiment, test: KitScores) -> Panel | None:
    chosen = experiment.qualify.panel
    if chosen is None:
        return None
    if chosen != "simulated":
        return read_panel(Path(chosen))
    path = experiment.work / "panel.csv"
    once = test.rows(test.runs == 0)
    settings = PanelSettings(seed=experiment.qualify.panel_seed)
    write_panel(path, simulate(once.unit_ids, once.kinds, once.severities, settings))
    return read_panel(path)


def _determinism(experiment: Experiment, test: KitScores, thresholds: tuple[float, ...]) -> Determinism:
    recipe, units = experiment.load_recipe(), kit_of(experiment, "test")[:REPEATED_UNITS]
    patches = np.concatenate([cut(unit, 0, recipe).patches for unit in units])
    conditions, spreads = repeated_scores(
        (experiment.work / GRAPH).read_bytes(),
        patches,
        fuse=fuse_graph(experiment),
        patches_per_frame=recipe.patches_per_frame,
    )
    return determinism(conditions, spreads, test, thresholds)


def _overlaps(experiment: Experiment, test: KitScores) -> list[Overlap]:
    tuning = scores(experiment, "tuning")
    ids = {"test": dict.fromkeys(test.unit_ids), "tuning": dict.fromkeys(tuning.unit_ids)}
    ids["training"] = dict.fromkeys(unit.unit_id for unit in experiment.source.training())
    store = PatchStore(patches_folder(experiment), "all")
    pictures = {"test": _digests(test), "tuning": _digests(tuning), "training": _stored(store)}
    found = [find_overlap("units", ids), find_overlap("patches", pictures)]
    if isinstance(experiment.source, LineSource):
        parts = {"test": experiment.source.test_kit(), "tuning": experiment.source.tuning_kit()}
        parts["training"] = experiment.source.training()
        found.append(
            find_overlap("strip seeds", {name: [u.strip.seed for u in units] for name, units in parts.items()})
        )
    return found


def _digests(kit: KitScores) -> Iterator[bytes]:
    """What each patch of a kit shows."""
    found = np.empty((0, 16), np.uint8) if kit.digests is None else kit.digests.reshape(-1, kit.digests.shape[-1])
    return (digest.tobytes() for digest in found)


def _stored(store: PatchStore) -> Iterator[bytes]:
    """What each training patch shows."""
    for region in range(store.regions):
        for first in range(0, store.count, READ_AT_ONCE):
            yield from picture_digests(store.read(region, np.arange(first, min(first + READ_AT_ONCE, store.count))))


def _content(kit: KitScores) -> str:
    """The sha256 (hex) of what a kit's pictures show."""
    return hashlib.sha256(b"".join(_digests(kit))).hexdigest()


def _origin(experiment: Experiment) -> str:
    source = experiment.source
    return "simulated line" if isinstance(source, LineSource) else f"folder {source.path.name}"


class _Looking:
    """Acquires one unit of the test kit again and infers it."""

    def __init__(self, experiment: Experiment) -> None:
        self._recipe, self._engine = experiment.load_recipe(), engine(experiment)
        self._units = {unit.unit_id: unit for unit in kit_of(experiment, "test")}

    def __call__(self, unit_id: str, run: int) -> Look:
        part = cut(self._units[unit_id], run, self._recipe)
        found = self._engine.infer(part.patches)
        return Look(part.patches, found.reconstructions, part.masks, found.anomaly_maps)
