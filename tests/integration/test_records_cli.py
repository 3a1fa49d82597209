"""`stripsight records` on the record of a real server: what it prints, what it writes, how it ends."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from stripsight.bundle import Bundle
from stripsight.cli.app import app
from stripsight.client import Client
from stripsight.frame import FrameData

FAR_S = 60.0
OK, ERROR, RECORD = 0, 2, 8


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    environment = os.environ | {"COLUMNS": "200", "STRIPSIGHT_RECORD_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "stripsight", "records", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=FAR_S,
        check=False,
    )


def quick(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in this process: for what does not depend on a terminal's width."""
    ended = CliRunner().invoke(app, ["records", *map(str, arguments)], env={"STRIPSIGHT_RECORD_DIR": str(folder)})
    return subprocess.CompletedProcess(arguments, ended.exit_code, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def folder(
    start_for_module: Callable[..., Any],
    strip_bundle: Bundle,
    strip: Callable[..., tuple[FrameData, ...]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The record of a server that ended: an accept, a reject with a gap before it, a refused call; another lot."""
    folder = tmp_path_factory.mktemp("records")
    server = start_for_module(strip_bundle.path, record_dir=folder).started()
    product = strip_bundle.recipe.product.name
    with Client(server.target) as client:
        for number, lot, seed in ((1, "L-1", 101), (4, "L-1", 104), (1, "L-2", 102)):
            frames = strip(strip_bundle.recipe, seed, seed == 104)
            ids: dict[str, Any] = {"strip_id": f"S-{number}", "lot_id": lot, "strip_seq": number}
            client.inspect(frames, **ids, product=product, timeout_s=FAR_S)
        with pytest.raises(Exception, match="PRODUCT_MISMATCH"):
            client.inspect(frames, strip_id="S-5", lot_id="L-1", strip_seq=5, product="other", timeout_s=FAR_S)
    server.process.terminate()
    assert server.ended() == OK
    return folder


def copied(folder: Path, to: Path) -> Path:
    """Copy a record that is not written."""
    to.mkdir()
    for path in filter(Path.is_file, folder.iterdir()):
        if not path.name.endswith(("-wal", "-shm")):
            (to / path.name).write_bytes(path.read_bytes())
    return to


def listed(folder: Path, *options: object) -> list[tuple[str, int]]:
    """Return (lot, number) of the strips that a list yields."""
    ended = quick("list", "--json", *options, folder=folder)
    assert (ended.returncode, ended.stderr) == (OK, "")
    bodies = [json.loads(line)["body"] for line in ended.stdout.splitlines()]
    return [(body["lot_id"], body["strip_seq"]) for body in bodies]


def test_verify_says_how_far_the_record_is_good(folder: Path) -> None:
    """The number of records, and how far they are signed."""
    ended = run("verify", folder=folder)
    assert (ended.returncode, ended.stderr) == (OK, "")
    assert " records are good, signed up to " in ended.stdout


def test_verify_names_the_first_bad_record_and_ends_with_8(folder: Path, tmp_path: Path) -> None:
    """After an edit with plain sqlite3, in one line."""
    copy = copied(folder, tmp_path / "copy")
    database = sqlite3.connect(copy / "records.db")
    with database:
        database.execute("UPDATE stripsight_record SET verdict = 'ACCEPT' WHERE lot_id = 'L-1' AND strip_seq = 4")
    (seq,) = database.execute("SELECT seq FROM stripsight_record WHERE lot_id = 'L-1' AND strip_seq = 4").fetchone()
    database.close()
    ended = quick("verify", folder=copy)
    assert (ended.returncode, ended.stdout) == (RECORD, "")
    expected = "expected verdict REJECT, as in its form, found verdict ACCEPT"
    assert ended.stderr == f"stripsight: RECORDS_DAMAGED: record {seq}: {expected}\n"


def test_verify_takes_witnesses_and_a_key_from_elsewhere(folder: Path, tmp_path: Path) -> None:
    """A hash that a client kept is compared; one that nobody can have is an error of the call."""
    line = json.loads(quick("list", "--json", "--limit", 1, folder=folder).stdout)
    assert quick("verify", "--public-key", folder / "signing.pub", folder=folder).returncode == OK
    ended = quick("verify", "--witness", f"{line['seq']}:{'0' * 64}", folder=folder)
    assert ended.returncode == RECORD
    assert f"record {line['seq']}: expected hash {'0' * 64}, as witnessed" in ended.stderr
    assert quick("verify", "--witness", "first", folder=folder).returncode == ERROR


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [("L-1", 1), ("L-1", 4), ("L-2", 1), ("L-1", 5)]),
        (("--limit", 2), [("L-2", 1), ("L-1", 5)]),
        (("--lot", "L-2"), [("L-2", 1)]),
        (("--verdict", "accept"), [("L-1", 1), ("L-2", 1)]),
        (("--verdict", "reject"), [("L-1", 4)]),
        (("--cause", "anomaly"), [("L-1", 4)]),
        (("--cause", "PRODUCT_MISMATCH"), [("L-1", 5)]),
        (("--cause", "PRODUCT"), []),
        (("--since", "2020-01-01"), [("L-1", 1), ("L-1", 4), ("L-2", 1), ("L-1", 5)]),
        (("--until", "2020-01-01T00:00+02:00"), []),
    ],
)
def test_list_finds_what_is_asked_for(
    options: tuple[object, ...], expected: list[tuple[str, int]], folder: Path
) -> None:
    """By lot, verdict, cause and time, the latest when there is a limit, oldest first."""
    assert listed(folder, *options) == expected


def test_list_prints_a_table_for_people(folder: Path) -> None:
    """Strips with verdict, cause and worst region; events with their facts."""
    text = run("list", folder=folder).stdout
    for words in ("S-4", "REJECT", "ANOMALY", "V5 R3", "PRODUCT_MISMATCH"):
        assert words in text
    text = run("list", "--events", folder=folder).stdout
    for words in ("start", "bundle", "challenge_strips 2", "drain", "stop", "how OK", "checkpoint"):
        assert words in text


def test_show_prints_every_score_against_its_threshold(folder: Path) -> None:
    """By strip or by record number; twenty regions with a score for each of the three frames."""
    by_id = run("show", "S-4", folder=folder)
    assert (by_id.returncode, by_id.stderr) == (OK, "")
    seq = json.loads(quick("show", "S-4", "--json", folder=folder).stdout)["seq"]
    assert run("show", seq, folder=folder).stdout == by_id.stdout
    assert by_id.stdout.startswith("REJECT ANOMALY\n")
    assert [by_id.stdout.count(f"│ {region} ") for region in ("R0", "R1", "R2", "R3")] == [5, 5, 5, 5]
    assert by_id.stdout.count("frame 15") == 2
    assert "Other records of S-1" in quick("show", "S-1", folder=folder).stdout
    assert "number 1 of lot L-1" in quick("show", "S-1", "--lot", "L-1", folder=folder).stdout
    assert quick("show", "S-9", folder=folder).returncode == ERROR


def test_export_writes_tables_and_a_report(folder: Path, tmp_path: Path) -> None:
    """CSV, Parquet and HTML of one lot."""
    paths = {name: tmp_path / f"lot.{name}" for name in ("csv", "parquet", "html")}
    options = ("--csv", paths["csv"], "--parquet", paths["parquet"], "--report", paths["html"])
    ended = quick("export", "L-1", *options, folder=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (OK, "3 strips of lot L-1\n", "")
    assert paths["csv"].read_text().count("\n") == 4
    assert parquet.read_table(paths["parquet"]).column("strip_seq").to_pylist() == [1, 4, 5]
    html = paths["html"].read_text()
    assert "The record verifies" in html and "2 to 3" in html and "challenge_strips 2" in html


def test_what_is_not_there_is_told_in_a_line(folder: Path, tmp_path: Path) -> None:
    """No record, no lot, no file to write, no time."""
    assert "expected a record (records.db), found none" in quick("verify", folder=tmp_path).stderr
    cases = (("export", "L-9", "--csv", tmp_path / "x"), ("export", "L-1"), ("list", "--since", "yesterday"))
    for arguments in (*cases, ("export", "L-1", "--csv", tmp_path / "no" / "x")):
        ended = quick(*arguments, folder=folder)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (ERROR, "", 1), ended.stderr
