"""Puts the soak's package on the path, and starts programs with its library of faults."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "soak"))

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
