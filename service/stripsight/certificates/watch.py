"""The service's certificates as they are replaced while it runs. What is new and broken never takes over."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from stripsight.alarms import Alarm, AlarmCode
from stripsight.certificates.load import Files, Served, load
from stripsight.errors import CertificateError

_SOON = timedelta(days=30)

_log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


class Certificates:
    """Reads the files again when they have changed, whenever somebody asks. Any thread may ask; it takes a moment."""

    def __init__(
        self,
        files: Files,
        changed: Callable[[Served], object] = lambda _: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Read them. `changed` hears of each that takes over, the first as well. Raises CertificateError."""
        self._files = files
        self._changed = changed
        self._now = now
        self._lock = threading.Lock()
        self._broken: Alarm | None = None
        self._stamps = self._stamp()
        self._served = load(files, now())
        self._took_over()

    def current(self) -> Served:
        """Return the last ones that were good."""
        with self._lock:
            stamps = self._stamp()
            if stamps != self._stamps:
                self._stamps = stamps
                self._read_again()
            return self._served

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is broken, and what ends within 30 days."""
        served = self.current()
        soon = (expiry(which, end, self._now()) for which, end in served.not_after.items())
        return tuple(alarm for alarm in (self._broken, *soon) if alarm is not None)

    def _read_again(self) -> None:
        try:
            served = load(self._files, self._now())
        except CertificateError as error:
            since = self._broken.since if self._broken else self._now()
            message = f"the former certificates stay in use: {error.message}"
            self._broken = Alarm(AlarmCode.CERTIFICATE_BROKEN, message, since, urgent=False)
            _log.error("certificates broken", reason=error.reason, message=error.message)
            return
        self._broken = None
        if served != self._served:  # and not the same written again
            self._served = served
            self._took_over()

    def _took_over(self) -> None:
        _log.info("certificates", **self._served.facts)
        self._changed(self._served)

    def _stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp_of(path) for path in self._files)


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def expiry(which: str, end: datetime, now: datetime) -> Alarm | None:
    """Return the alarm of a certificate that ends within 30 days, or has; None for another."""
    if end - now > _SOON:
        return None
    message = f"the {which} certificate ends {end}"
    return Alarm(AlarmCode.CERTIFICATE_EXPIRES, message, end - _SOON, urgent=end <= now)
