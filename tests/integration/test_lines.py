"""Two lines on one machine: two servers that share nothing."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from stripsight.bundle import Bundle
from stripsight.client import Client
from stripsight.frame import FrameData
from stripsight_lab.demo.server_process import ServerProcess

READY_S = 60.0
FAR_S = 30.0

Strip = Callable[..., tuple[FrameData, ...]]


def inspected(server: ServerProcess) -> float:
    """Strips that a server says it has answered."""
    (started,) = [line for line in server._events() if line.get("event") == "ready"]
    text = urlopen(f"http://{started['metrics']}/metrics").read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "stripsight_inspections_total")


def test_lines_share_nothing(tmp_path: Path, strip_bundle: Bundle, strip: Strip) -> None:
    """Each counts its own strips under the same ids, has a record of its own, and outlives the other."""
    with ExitStack() as stack:
        lines = [
            stack.enter_context(
                ServerProcess(
                    strip_bundle.path,
                    tmp_path / f"{name}.log",
                    *("--provider", "cpu", "--development", "--slot-ms", "20000"),
                    *("--record-dir", str(tmp_path / name)),
                )
            )
            for name in ("one", "two")
        ]
        clients = [stack.enter_context(Client(line.ready(READY_S))) for line in lines]

        def inspect(line: int, seq: int) -> int:
            answer = clients[line].inspect(
                strip(strip_bundle.recipe, seq),
                strip_id=f"S-{seq}",
                lot_id="L-1",
                strip_seq=seq,
                product=strip_bundle.recipe.product.name,
                timeout_s=FAR_S,
            )
            return answer.reply.inspection.record_seq

        places = [inspect(line, seq) for seq in (1, 2) for line in (0, 1)]
        assert places[:2] == [places[0]] * 2  # the same place, in records of their own
        assert [inspected(line) for line in lines] == [2, 2]
        assert lines[0].stop() == 0
        assert inspect(1, 3) > places[3]
        assert inspected(lines[1]) == 3
