"""`stripsight bundle list | activate | rollback` on a real server, as an engineer runs them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle

FAR_S = 60.0
OK, ERROR = 0, 2


@pytest.fixture
def run(start: Callable[..., Any], strip_bundle: Bundle, slack_bundle: Bundle, tmp_path: Path) -> Callable[..., Any]:
    """Run a command against a server that finds another bundle, and one that is broken."""
    shutil.copytree(slack_bundle.path, tmp_path / "bundles" / "slack")
    broken = shutil.copytree(slack_bundle.path, tmp_path / "bundles" / "torn")
    (Path(broken) / "manifest.json").write_text("{}")
    served = start(strip_bundle.path, bundles=tmp_path / "bundles").started()

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "stripsight", "bundle", *arguments],
            env=os.environ | {"COLUMNS": "80", "STRIPSIGHT_TARGET": served.target} | environment,
            capture_output=True,
            text=True,
            timeout=FAR_S,
            check=False,
        )

    return run


def test_an_engineer_changes_the_bundle_and_goes_back(
    run: Callable[..., Any], strip_bundle: Bundle, slack_bundle: Bundle
) -> None:
    """The list shows what can serve and why another cannot; the first digits of an id are enough."""
    listed = run("list")
    assert (listed.returncode, listed.stderr) == (OK, "")
    assert max(map(len, listed.stdout.splitlines()[:8])) <= 80
    assert "torn: BUNDLE_VERSION: manifest.json: expected schema_version 1, found None" in listed.stdout
    done = run("activate", slack_bundle.bundle_id[:8], "--why", "CC-7", STRIPSIGHT_WHO="A. Engineer")
    assert (done.returncode, done.stderr) == (OK, "")
    assert f"bundle {slack_bundle.bundle_id} serves" in done.stdout
    infos = json.loads(run("list", "--json").stdout)["bundles"]
    assert [info["state"] for info in infos[:2]] == ["BUNDLE_STATE_ACTIVE", "BUNDLE_STATE_PREVIOUS"]
    assert infos[0]["activated_by"] == "A. Engineer"
    back = run("rollback", "--who", "B", "--why", "CC-8")
    assert f"bundle {strip_bundle.bundle_id} serves" in back.stdout


def test_a_refusal_is_one_plain_line(run: Callable[..., Any]) -> None:
    """With the service's reason; digits that no bundle begins with are told as no id."""
    for arguments, reason in (
        (("activate", "0" * 64, "--who", "A", "--why", "B"), "BUNDLE_UNKNOWN"),
        (("activate", "zz", "--who", "A", "--why", "B"), "ID_INVALID"),
        (("rollback", "--who", "A", "--why", ""), "WHY_REQUIRED"),
        (("rollback", "--who", "A", "--why", "B"), "NO_BUNDLE_BEFORE"),
    ):
        ended = run(*arguments)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (ERROR, "", 1)
        assert ended.stderr.startswith(f"stripsight: {reason}: ")
