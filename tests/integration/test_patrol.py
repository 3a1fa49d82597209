"""A real server whose record is changed under it."""

import sqlite3
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb

FAR_S = 60.0


def test_a_record_that_is_changed_on_its_disk_is_told(
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
    tmp_path: Path,
) -> None:
    """The alarm names the record that was a reject, the metric is 1, and strips are judged on."""
    server = start(strip_bundle.path, record_dir=tmp_path / "records", record_patrol_rows=10_000).started()
    client = connect(server.target)
    seq = ask(client, seed=104, defective=True).reply.inspection.record_seq
    assert not client.status().alarms
    with sqlite3.connect(tmp_path / "records" / "records.db") as connection:
        connection.execute("UPDATE stripsight_record SET verdict = 'ACCEPT', causes = '' WHERE seq = ?", [seq])
    connection.close()
    while not (alarms := client.status().alarms):
        threading.Event().wait(0.02)
    assert [(alarm.code, alarm.urgent) for alarm in alarms] == [("RECORD_BROKEN", True)]
    assert f"record {seq}: expected verdict REJECT, as in its form, found verdict ACCEPT" in alarms[0].message
    with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=FAR_S) as reply:
        assert b"\nstripsight_record_broken 1.0\n" in reply.read()
    assert ask(client).reply.inspection.verdict == pb.VERDICT_ACCEPT
