"""Signed bundles, and what is told of a service that takes unsigned ones."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from stripsight.bundle import Bundle, make_keys, sign
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Event

Start = Callable[..., Any]
Connect = Callable[[str], Any]


@pytest.mark.parametrize("development", [False, True])
def test_development_mode_shows_everywhere(
    development: bool, strip_bundle: Bundle, start: Start, connect: Connect, tmp_path: Path
) -> None:
    """In the status, in a metric, and on record: of the start, and of each bundle whether a trusted key signed it."""
    bundle = Path(shutil.copytree(strip_bundle.path, tmp_path / "bundle"))
    make_keys(tmp_path / "plant.key", tmp_path / "plant.pub")
    if not development:
        sign(bundle, tmp_path / "plant.key")
    records, keys = tmp_path / "records", tmp_path / "plant.pub"
    served = start(bundle, record_dir=records, bundle_keys=keys, development_mode=int(development)).started()
    assert connect(served.target).status().development_mode is development
    scraped = urlopen(f"http://{served.metrics}/metrics").read().decode()
    assert f"stripsight_development_mode {float(development)}" in scraped
    served.process.terminate()
    assert served.ended() == 0
    reader = Reader(records)
    bodies = [kept.entry.body for kept in reader.find(Wanted())]
    reader.close()
    facts = {str(body.kind): body.facts for body in bodies if isinstance(body, Event)}
    assert facts["start"]["development_mode"] == int(development)
    assert facts["bundle"]["signature_trusted"] == int(not development)
