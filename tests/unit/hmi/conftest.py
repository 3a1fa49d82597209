"""Records as the API tells them, for the page's views."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stripsight.hmi.product import Product, product_of
from stripsight.hmi.strip import Strip, strip_of
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.recipe import Recipe
from stripsight.rpc.write import product_message

BEGAN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
Record = Callable[..., record_pb.RecordedInspection]


@pytest.fixture
def product(strip_recipe: Recipe) -> Product:
    """Five vials of four regions, three frames of 408 x 144."""
    return product_of(product_message(strip_recipe))


@pytest.fixture
def record() -> Record:
    """Make a record: `record(number, V1_R2=0.03, lot="L-1", after_s=0.0)`; places not named score 0.01 of 0.02."""

    def make(
        number: int = 1, *, lot: str = "L-1", after_s: float = 0.0, took_ms: float = 200.0, **scores: float
    ) -> record_pb.RecordedInspection:
        regions = {
            (vial, region): scores.get(f"{vial}_{region}", 0.01)
            for vial in ("V1", "V2", "V3", "V4", "V5")
            for region in ("R0", "R1", "R2", "R3")
        }
        bad = any(not score < 0.02 for score in regions.values())
        inspection = pb.Inspection(
            strip_id=f"S-{number}",
            lot_id=lot,
            strip_seq=number,
            verdict=pb.VERDICT_REJECT if bad else pb.VERDICT_ACCEPT,
            causes=[pb.CAUSE_ANOMALY] if bad else [],
            record_seq=number,
            record_hash=b"\xab" * 32,
            provider=pb.PROVIDER_CPU,
        )
        for (vial, region), score in regions.items():
            if not inspection.vials or inspection.vials[-1].name != vial:
                inspection.vials.add(name=vial)
            inspection.vials[-1].regions.add(
                name=region, score=score, threshold=0.02, margin=0.02 - score, frame_index=0 if score < 0.02 else 7
            )
        recorded = record_pb.RecordedInspection(inspection=inspection, since_arrival_ms=took_ms)
        recorded.recorded_at.FromDatetime(BEGAN + timedelta(seconds=after_s))
        return recorded

    return make


@pytest.fixture
def strip_at(record: Record) -> Callable[..., Strip]:
    """Make the view of a record, with the arguments of `record`."""
    return lambda *args, **kwargs: strip_of(record(*args, **kwargs))
