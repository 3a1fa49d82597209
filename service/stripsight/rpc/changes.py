"""The changer of a server's bundle, made of the server's parts."""

from collections.abc import Callable

from stripsight.bundle import Bundle, Trust
from stripsight.bundle.shelf import Shelf
from stripsight.changes.changer import BundleChanger
from stripsight.engine import Engine
from stripsight.journal.journal import Journal
from stripsight.lots.book import LotBook
from stripsight.metrics import Metrics
from stripsight.settings import Settings
from stripsight.station.station import Station
from stripsight.timing import Clock


def changer_of(
    settings: Settings,
    station: Station,
    metrics: Metrics,
    *,
    trust: Trust,
    journal: Journal,
    lots: LotBook,
    start_engine: Callable[[Bundle, Settings], Engine],
    clock: Clock,
) -> BundleChanger:
    """Return what changes the bundle of `station`, and have it raise its alarm there."""
    changer = BundleChanger(
        station,
        Shelf(settings.bundles, settings.bundle, trust),
        journal,
        metrics.changes,
        start_engine=lambda bundle: start_engine(bundle, settings),
        lot_open=lambda: lots.lot.lot_id if lots.lot else None,
        clock=clock,
    )
    station.alarms.add(lambda: changer.alarms)
    return changer
