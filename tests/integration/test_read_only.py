"""Row 25: a read-only file system but for the data directory, no HOME, the C locale, an odd current folder."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb

READ_ONLY = Path(__file__).with_name("read_only.py")
STRIPSIGHT = str(Path(sys.executable).with_name("stripsight"))


@pytest.mark.parametrize("folder", ["/", "gone"])
def test_it_inspects_and_writes_only_its_data(
    *,
    folder: str,
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
    tmp_path: Path,
) -> None:
    """An accept and a reject are judged and on record, from / and from a folder that was removed."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["unshare", "--mount", sys.executable, str(READ_ONLY), str(data), folder, STRIPSIGHT, "serve"]
    server = start(strip_bundle.path, command=command, record_dir=data / "records").started()
    client = connect(server.target)
    accepted, rejected = ask(client, seed=101), ask(client, seed=104, defective=True)
    assert accepted.reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert list(rejected.reply.inspection.causes) == [pb.CAUSE_ANOMALY]
    assert accepted.reply.inspection.record_seq and rejected.reply.inspection.record_seq
    server.process.send_signal(signal.SIGTERM)
    assert (server.ended(), server.stderr) == (0, "")
    assert [path.name for path in data.iterdir()] == ["records"]


def test_without_its_data_directory_it_says_so(start: Callable[..., Any], strip_bundle: Bundle, tmp_path: Path) -> None:
    """A record directory that cannot be written ends it with its own status and a sentence that names it."""
    data = tmp_path / "data"
    data.mkdir()
    command = ["unshare", "--mount", sys.executable, str(READ_ONLY), str(data), "/", STRIPSIGHT, "serve"]
    server = start(strip_bundle.path, command=command, record_dir=tmp_path / "elsewhere")
    assert server.ended() == 8
    assert str(tmp_path / "elsewhere") in server.stderr
