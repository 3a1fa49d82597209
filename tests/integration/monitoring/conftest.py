"""Debian's Prometheus, started beside a server, with the rules that ship."""

import json
import re
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

FAR_S = 60.0
RULES = sorted((Path(__file__).parents[3] / "deploy" / "prometheus" / "rules").glob("*.yml"))
CONFIG = """
global:
  scrape_interval: 500ms
  scrape_timeout: 500ms
  evaluation_interval: 500ms
rule_files:
  - rules/*.yml
scrape_configs:
  - job_name: stripsight
    static_configs:
      - targets: ["{target}"]
"""

Sample = tuple[dict[str, str], float]


def hurried(rules: str) -> str:
    """Rules that are evaluated as often as the others, and hold for a second instead of seconds to hours."""
    return re.sub(r"^    interval: \w+\n", "", re.sub(r"(?<= for: )\w+", "1s", rules), flags=re.MULTILINE)


class Prometheus:
    """A Prometheus that scrapes one target into a folder of its own."""

    def __init__(self, target: str, folder: Path) -> None:
        """Start it."""
        (folder / "rules").mkdir()
        for file in RULES:
            (folder / "rules" / file.name).write_text(hurried(file.read_text()))
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(target=target))
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command += ["--web.listen-address=127.0.0.1:0", "--log.format=json"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self._stderr = self.process.stderr
        self.address = ""
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def started(self) -> None:
        """Return once it answers."""
        assert self._ready.wait(FAR_S)
        assert self.process.poll() is None, "Prometheus ended before it was ready"

    def series(self, query: str) -> list[Sample]:
        """Return the series that `query` yields. A query that is none raises HTTPError."""
        url = f"http://{self.address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=FAR_S) as reply:
            result = json.load(reply)["data"]["result"]
        return [(found["metric"], float(found["value"][1])) for found in result]

    def value(self, query: str) -> float | None:
        """Return the value of the one series that `query` yields, or None while there is none."""
        found = self.series(query)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def until(self, query: str, expected: float) -> None:
        """Return once `query` yields `expected`; the test's timeout ends a wait in vain."""
        wait_for(lambda: self.value(query) == expected)

    def until_some(self, query: str) -> list[Sample]:
        """Return what `query` yields once it is something."""
        wait_for(lambda: self.series(query))
        return self.series(query)

    def until_fires(self, alert: str) -> dict[str, str]:
        """Return the labels of an alert once it fires."""
        return self.until_some(f'ALERTS{{alertname="{alert}", alertstate="firing"}}')[0][0]

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        return {labels["alertname"] for labels, _ in self.series('ALERTS{alertstate="firing"}')}

    def close(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait(FAR_S)
        self._reader.join()
        self._stderr.close()

    def _read(self) -> None:
        for text in self._stderr:
            line = json.loads(text)
            if line.get("msg") == "Listening on":
                self.address = line["address"]
            if line.get("msg") == "Server is ready to receive web requests.":
                self._ready.set()
        self._ready.set()


def wait_for(true: Callable[[], object]) -> None:
    """Return once it is."""
    pause = threading.Event()
    while not true():
        pause.wait(0.1)


@pytest.fixture
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], Prometheus]]:
    """Start a Prometheus that scrapes a server, and has once."""
    with ExitStack() as stack:

        def start(server: Any) -> Prometheus:
            prometheus = Prometheus(server.metrics, tmp_path_factory.mktemp("prometheus"))
            stack.callback(prometheus.close)
            prometheus.started()
            prometheus.until("stripsight_ready", 1)
            return prometheus

        yield start
