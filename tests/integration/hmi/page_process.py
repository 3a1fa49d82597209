"""The operator page as a process of its own."""

import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path


class PageProcess:
    """`stripsight hmi` as a process of its own."""

    def __init__(self, target: str, listen: str, log: Path, *options: object) -> None:
        """Start it, what it says into a file; return when it answers."""
        self.url = f"{'https' if '--page-cert' in options else 'http'}://{listen}"
        command = [sys.executable, "-m", "stripsight", "hmi", "--target", target, "--listen", listen]
        command += map(str, options)
        # NiceGUI looks for pytest in the environment and then serves its own tests.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        while not self._answers():
            assert self.process.poll() is None, self.log()

    def log(self) -> str:
        """Return what it wrote."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """End it as a supervisor does. It wrote no error, and ends by that signal."""
        said = self.log()
        self.process.terminate()
        assert self.process.wait(60) == -signal.SIGTERM, self.log()
        assert "Traceback" not in said, said

    def _answers(self) -> bool:
        try:
            # Whose certificate it is, is for the test to ask.
            unverified = ssl._create_unverified_context()
            with urllib.request.urlopen(f"{self.url}/static/icon.svg", timeout=60, context=unverified) as reply:
                return bool(reply.status == 200)
        except urllib.error.URLError:
            return False
