"""What is kept while a run goes on."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight_lab.demo.record import Record, as_line
from stripsight_lab.demo.results import Decider, Result

Make = Callable[..., Result]


def reply_of(result: Result) -> pb.Inspection:
    """A reply whose one heatmap is that of the deciding patch."""
    decider = result.decider
    assert decider is not None
    heatmap = pb.Heatmap(vial=decider.vial, region=decider.region, frame_index=decider.frame, png=b"x")
    return pb.Inspection(strip_id=result.strip_id, heatmaps=[heatmap])


def test_line_by_hand(result: Make) -> None:
    """A line holds truth, act, place and margin as JSON; a score that is not a number becomes null."""
    line = json.loads(as_line(result(3, defective=True, accepted=False)))
    assert line["truth"] == {"kind": "burn on the body", "vial": "V2", "severity": 0.43}
    assert (line["strip_seq"], line["accepted"], line["outcome"]) == (3, False, "rejected")
    assert line["decider"] == {
        "vial": "V2", "region": "R1", "frame": 15, "score": 0.06, "threshold": 0.04, "margin": 0.04 - 0.06,
    }  # fmt: skip
    broken = result(4, defective=False, accepted=False, decider=Decider("V1", "R0", 0, float("nan"), 0.02))
    assert json.loads(as_line(broken))["decider"]["score"] is None


def test_every_line_is_there_at_once(tmp_path: Path, result: Make) -> None:
    """A result's line is in the file as soon as it is added, also from several threads, one line each."""
    file = tmp_path / "results.jsonl"
    with Record(file) as record:
        record.add(result(1, defective=False, accepted=True), None)
        assert len(file.read_text().splitlines()) == 1
        rest = [result(n, defective=False, accepted=True) for n in range(2, 40)]
        threads = [threading.Thread(target=record.add, args=(one, None)) for one in rest]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        numbers = sorted(json.loads(line)["strip_seq"] for line in file.read_text().splitlines())
        assert numbers == list(range(1, 40))
        assert len(record.results) == 39


def test_shown_strip(tmp_path: Path, result: Make) -> None:
    """Shown is the clearest reject whose vial is right; a false reject only where there is none of these."""
    clear = Decider("V2", "R1", 0, 0.09, 0.04)
    extreme = Decider("V5", "R0", 0, 0.9, 0.04)
    run = [
        result(1, defective=False, accepted=False, decider=extreme),
        result(2, defective=True, accepted=False),
        result(3, defective=True, accepted=False, decider=clear),
        result(4, defective=True, accepted=False, decider=extreme),
        result(5, defective=False, accepted=True),
    ]
    shown = []
    with Record(tmp_path / "results.jsonl") as record:
        for one in run:
            record.add(one, reply_of(one))
            shown.append(record.shown[0].strip_seq if record.shown else None)
    assert shown == [1, 2, 3, 3, 3]


def test_nothing_to_show(tmp_path: Path, result: Make) -> None:
    """A reject without its deciding patch's heatmap is not shown."""
    reject = result(1, defective=True, accepted=False)
    other = pb.Inspection(heatmaps=[pb.Heatmap(vial="V4", region="R1", frame_index=15, png=b"x")])
    with Record(tmp_path / "results.jsonl") as record:
        record.add(reject, other)
        record.add(reject, None)
        assert record.shown is None
