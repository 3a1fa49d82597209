"""What is told of the pictures that are kept, and of the disk that they and the record are on."""

from collections.abc import Callable
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

Dropped = Literal["disk", "queue", "unnamed", "error"]
"""Why a picture that was wanted is not kept: no room on the disk; too many at once; the answer came before the frame's
digest was known, so that nobody could find it; it could not be written."""


class PictureMetrics:
    """Pictures and room."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._bytes = Gauge("stripsight_pictures_bytes", "What the kept pictures take on the disk.", registry=registry)
        self._written = Counter("stripsight_pictures_written", "Pictures of frames written.", registry=registry)
        self._dropped = Counter(
            "stripsight_pictures_dropped", "Pictures that were wanted and are not kept.", ["reason"], registry=registry
        )
        self._free = Gauge(
            "stripsight_disk_free_bytes", "What is free on the disk of the record and the pictures.", registry=registry
        )
        for reason in get_args(Dropped):
            self._dropped.labels(reason)

    def kept_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape for the bytes that pictures take."""
        self._bytes.set_function(count)

    def free_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape for the bytes that are free."""
        self._free.set_function(count)

    def written(self) -> None:
        """Count a picture."""
        self._written.inc()

    def dropped(self, reason: Dropped, pictures: int) -> None:
        """Count pictures that are not kept."""
        self._dropped.labels(reason).inc(pictures)
