"""What monitoring sees of lots."""

import math
from typing import Any

from prometheus_client import CollectorRegistry

from stripsight.lots.ledger import Ledger
from stripsight.lots.lot import Lot, Occasion
from stripsight.metrics.lots import LotMetrics

Story = Any


def test_every_series_is_there_from_the_start() -> None:
    """Runs by occasion and result at 0, no lot, and an age that nobody knows yet."""
    registry = CollectorRegistry()
    LotMetrics(registry)
    for occasion in ("start", "interval", "end", "call", "restart"):
        for result in ("passed", "missed"):
            assert count(registry, occasion, result) == 0
    assert registry.get_sample_value("stripsight_lot_open") == 0
    assert registry.get_sample_value("stripsight_lot_stopped") == 0
    age = registry.get_sample_value("stripsight_challenge_passed_age_seconds")
    assert age is not None and math.isnan(age)


def count(registry: CollectorRegistry, occasion: str, result: str) -> float | None:
    """Return how many runs were counted."""
    labels = {"occasion": occasion, "result": result}
    return registry.get_sample_value("stripsight_challenges_total", labels)


def test_what_is_told_is_asked_for_at_each_scrape(story: Story) -> None:
    """The lot's state and the age now, and each run once."""
    registry, ledger, ages = CollectorRegistry(), Ledger("L-1"), [5.0]
    metrics = LotMetrics(registry)

    def lot() -> Lot | None:
        return ledger.lot

    metrics.are(lot, lambda: ages[-1])
    metrics.challenged(Occasion.CALL, passed=False)
    assert (count(registry, "call", "missed"), count(registry, "call", "passed")) == (1, 0)
    states = []
    for note in story.challenge(Occasion.CALL, "missed").close().notes:
        ledger.take(note)
        states.append([registry.get_sample_value(f"stripsight_lot_{word}") for word in ("open", "stopped")])
    assert states == [[0, 0], [1, 0], [0, 1], [0, 0]]
    ages.append(7.0)
    assert registry.get_sample_value("stripsight_challenge_passed_age_seconds") == 7
