"""The metrics as a real Prometheus sees them: Debian's, started here, scraping the server's own port."""

import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from stripsight.client import Answer, Client, ServiceError

FAR_S = 60.0
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


def test_what_was_inspected_is_in_prometheus(
    watch: Callable[[Any], Any],
    strip_server: Any,
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
) -> None:
    """An accept, a reject and a refused call count as just that; what else was promised is there."""
    client, prometheus = connect(strip_server.target), watch(strip_server)
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
