"""The metrics as a real Prometheus sees them: Debian's, started here, scraping the server's own port."""

import json
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stripsight.client import Answer, Client, ServiceError

FAR_S = 60.0
CONFIG = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: stripsight
    static_configs:
      - targets: ["{target}"]
"""

# What an accept, a reject for a speckle in the last region, and a refused call add to.
COUNTS = {
    'stripsight_inspections_total{verdict="ACCEPT"}': 1,
    'stripsight_inspections_total{verdict="REJECT"}': 1,
    'stripsight_causes_total{cause="ANOMALY"}': 1,
    'stripsight_rejects_total{region="R3",vial="V5"}': 1,
    'stripsight_refused_total{reason="PRODUCT_MISMATCH"}': 1,
    'stripsight_patch_score_count{region="R0"}': 10,
    'stripsight_stage_duration_seconds_count{stage="infer"}': 2,
    'stripsight_inspection_duration_seconds_count{call="InspectStrip"}': 2,
    'stripsight_inspection_duration_seconds_bucket{call="InspectStrip",le="+Inf"}': 2,
}


class Prometheus:
    """A Prometheus that scrapes one target into a folder of its own."""

    def __init__(self, target: str, folder: Path) -> None:
        """Start it."""
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

    def value(self, query: str) -> float | None:
        """Return the value of the one series that `query` yields, or None while there is none."""
        url = f"http://{self.address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=FAR_S) as reply:
            result = json.load(reply)["data"]["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def until(self, query: str, expected: float) -> None:
        """Return once `query` yields `expected`; the test's timeout ends a wait in vain."""
        pause = threading.Event()
        while self.value(query) != expected:
            pause.wait(0.05)

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


@pytest.fixture
def prometheus(strip_server: Any, tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the server."""
    prometheus = Prometheus(strip_server.metrics, tmp_path)
    try:
        prometheus.started()
        yield prometheus
    finally:
        prometheus.close()


def test_what_was_inspected_is_in_prometheus(
    prometheus: Prometheus,
    strip_server: Any,
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
) -> None:
    """An accept, a reject and a refused call count as just that; what else was promised is there."""
    client = connect(strip_server.target)
    prometheus.until("stripsight_ready", 1)
    before = {query: prometheus.value(query) for query in COUNTS}
    ask(client, seed=101)
    ask(client, seed=104, defective=True)
    with pytest.raises(ServiceError):
        ask(client, product="another")
    for query, growth in COUNTS.items():
        prometheus.until(query, (before[query] or 0) + growth)
    bundle_id = client.status().bundle_id
    assert prometheus.value(f'stripsight_bundle_info{{bundle_id="{bundle_id}",product="small-5x4"}}') == 1
    assert prometheus.value('stripsight_provider_info{provider="cpu"}') == 1
    assert prometheus.value("stripsight_waiting") == 0
    assert prometheus.value("stripsight_late_total") == 0
    quantile = 'histogram_quantile(0.99, stripsight_stage_duration_seconds_bucket{stage="infer"})'
    assert (prometheus.value(quantile) or 0) > 0


def test_promtool_finds_nothing_to_say(
    strip_server: Any, connect: Callable[[str], Client], ask: Callable[..., Answer]
) -> None:
    """Names, types and help texts are as Prometheus wants them."""
    ask(connect(strip_server.target))
    with urllib.request.urlopen(f"http://{strip_server.metrics}/metrics", timeout=FAR_S) as reply:
        text = reply.read()
    assert b"stripsight_inspections_total" in text
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, timeout=FAR_S, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
