"""Real servers, a client of theirs, their records, and programs that run with the soak's library of faults."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.frame import FrameData
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import StripRecord

sys.path.insert(0, str(Path(__file__).parents[1] / "soak"))
sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from served import FAR_S, Start, starter
from stripfaults import shim

SOAK = Path(shim.__file__).parents[1]


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of faults, built with gcc."""
    return shim.built(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def faulty(shim_library: Path, tmp_path: Path) -> Callable[..., Any]:
    """Run a module of the soak under the library: `faulty("stripfaults.x", arguments...)`, its line of JSON."""

    def run(module: str, *arguments: object) -> Any:
        paths = os.pathsep.join(path for path in (str(SOAK), os.environ.get("PYTHONPATH", "")) if path)
        environment = os.environ | shim.environment(shim_library, tmp_path) | {"PYTHONPATH": paths}
        command = [sys.executable, "-m", module, *map(str, arguments)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield starter(stack)


@pytest.fixture
def ask(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> Callable[..., Answer]:
    """Have a good strip of three frames judged: `ask(client, **as Client.inspect takes)`, another one each time."""
    numbers = count(1)
    frames = strip(strip_bundle.recipe, 101)
    product = strip_bundle.recipe.product.name

    def ask(client: Client, **arguments: Any) -> Answer:
        usual = {"strip_id": "S", "lot_id": "L", "strip_seq": next(numbers), "product": product, "timeout_s": FAR_S}
        return client.inspect(frames, **(usual | arguments))

    return ask


@pytest.fixture
def recorded() -> Callable[[Path], dict[int, StripRecord]]:
    """Verify a record and return its strips by their number: `recorded(folder)`."""

    def recorded(folder: Path) -> dict[int, StripRecord]:
        reader = Reader(folder)
        assert reader.verify().fault is None
        found = [kept.entry.body for kept in reader.find(Wanted(kinds=("strip",)))]
        reader.close()
        strips = {body.strip_seq: body for body in found if isinstance(body, StripRecord)}
        assert len(strips) == len(found)
        return strips

    return recorded
