"""Puts the benchmark's packages on the path, and makes reports by hand."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stripbench.report import ColdStart, Facts, Floors, Report, Sample, Series, Settings


def series_of(times_ms: Sequence[float]) -> Series:
    """Strips that took these times, each with half of that in the infer stage."""
    return Series.of([Sample(ms, ms, ms, 100.0, 10, {"infer": ms / 2}) for ms in times_ms])


@pytest.fixture
def report_of() -> Callable[..., Report]:
    """Make a report: `report_of(service=[200.0, ...])`; times in ms, all else as it should be."""
    return _report_of


def _report_of(
    *,
    service: Sequence[float] = (200.0,) * 120,
    bare: Sequence[float] = (190.0,) * 120,
    plain: Sequence[float] = (1000.0,) * 120,
    viewed: Sequence[float] = (),
    machine: str = "a machine",
    bundle_id: str = "ab" * 32,
) -> Report:
    ours = series_of(service)
    return Report(
        facts=Facts(
            date="2026-01-02T03:04:05+00:00",
            commit="abc",
            bundle_id=bundle_id,
            provider="cpu",
            machine=machine,
            cores=2,
            memory_gib=4,
            system="Linux",
            load=0,
            versions={"stripsight": "1"},
        ),
        settings=Settings(strips=120, turns=120, cadence_ms=500, slot_ms=500, threads=2),
        phases={
            "slot run": {"service": ours},
            "heatmaps": {"none": ours, "all": ours},
            "viewers": {"nobody views": ours, "20 viewers": series_of(viewed or service)},
            "in turn": {"service": ours, "bare graph": series_of(bare), "plain service": series_of(plain)},
            "back to back": {"service": ours, "bare graph": series_of(bare), "plain service": series_of(plain)},
        },
        cold_start=ColdStart(to_serving_s=[3.0, 4.0], first_strip_ms=[150.0, 150.0]),
        floors=Floors(flops=10**10, moved_bytes=10**9, flops_per_s=10**11, bytes_per_s=10**10),
    )
