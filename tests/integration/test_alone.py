"""No network at run time: server and client where there is loopback and nothing else, not even names."""

import json
import os
import subprocess
import sys
from pathlib import Path

from stripsight.bundle import Bundle

ALONE = Path(__file__).with_name("alone.py")
FAR_S = 120.0


def test_a_strip_is_inspected_and_nothing_tries_to_leave(strip_bundle: Bundle) -> None:
    """Accepted, stopped in order, and no packet for anywhere else, which a program that asks for a name does send."""
    frames = [str(strip_bundle.path / "challenge" / "good" / f"{index}.png") for index in (0, 7, 15)]
    settings = {"BUNDLE": str(strip_bundle.path), "PROVIDER": "cpu", "SLOT_MS": "60000"}
    environment = os.environ | {f"STRIPSIGHT_{name}": value for name, value in settings.items()}
    command = ["unshare", "--net", "--mount", sys.executable, str(ALONE), *frames]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=FAR_S)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found == {"inspect": 0, "serve": 0, "outside": [], "asked": ["192.0.2.53"]}, ran.stdout
