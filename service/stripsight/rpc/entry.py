"""The way in: TLS, who may do what, and what is told and recorded of those who may not."""

import grpc
import structlog

from stripsight.access.handshakes import Handshakes
from stripsight.access.refusals import Refusals, Refused
from stripsight.access.roles import NO_CALL, Caller
from stripsight.alarms import Alarm
from stripsight.certificates.callers import Callers
from stripsight.certificates.load import Files, Served
from stripsight.certificates.watch import Certificates, utc_now
from stripsight.errors import AccessRefused
from stripsight.journal.journal import Journal
from stripsight.journal.record import EventKind
from stripsight.metrics import Metrics
from stripsight.rpc.access import Guard, caller, peer_address
from stripsight.rpc.tls import credentials
from stripsight.settings import Settings

_log = structlog.get_logger()


class Entry:
    """Guards every method of every service from before the port is taken. `close` it before the journal."""

    def __init__(self, settings: Settings, metrics: Metrics, journal: Journal) -> None:
        """Read the certificates, if there are any. Raises CertificateError."""
        self._metrics = metrics
        self._journal = journal
        self._handshakes = Handshakes()
        self._callers = Callers(utc_now)
        self._refusals = Refusals(self._write)
        self.interceptor = Guard(self._refused, self._called, utc_now)
        self._certificates: Certificates | None = None
        if settings.tls_cert and settings.tls_key and settings.tls_client_ca:
            files = Files(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
            self._certificates = certificates = Certificates(files, self._took_over)
            metrics.access.certificates_are(lambda: certificates.current().not_after, lambda: self._callers.ends)

    @property
    def credentials(self) -> grpc.ServerCredentials | None:
        """What to listen with; None is plain text."""
        return credentials(self._certificates.current, self._began) if self._certificates else None

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is wrong with certificates, or soon will be. Counts connections without a call by the way."""
        self._count_overdue()
        return (*self._certificates.alarms, *self._callers.alarms) if self._certificates else ()

    def close(self) -> None:
        """Put on record what was only counted so far."""
        self._count_overdue(last=True)
        self._refusals.flush()

    def _began(self) -> None:
        self._count_overdue()
        self._handshakes.began()

    def _called(self, peer: str, who: Caller) -> None:
        if self._certificates is not None:
            self._handshakes.called(peer)
            self._callers.seen(who)

    def _count_overdue(self, *, last: bool = False) -> None:
        for _ in range(self._handshakes.overdue(last=last)):
            self._metrics.access.refused(NO_CALL)
            self._refusals.add(Refused(NO_CALL))

    def _refused(self, error: AccessRefused, method: str, context: grpc.ServicerContext) -> None:
        self._metrics.access.refused(error.reason)
        self._metrics.inspections.refused(error.reason)
        self._refusals.add(Refused(error.reason, caller(context).name, peer_address(context), method))

    def _write(self, refused: Refused, count: int) -> None:
        """Log and record; never waits for the disk."""
        facts = {"caller": refused.caller, "address": refused.address, "method": refused.method}
        known = {name: text for name, text in facts.items() if text}
        _log.warning("access refused", reason=refused.reason, count=count, **known)
        self._journal.note(EventKind.ACCESS_REFUSED, reason=refused.reason, count=count, **known)

    def _took_over(self, served: Served) -> None:
        self._journal.note(EventKind.CERTIFICATES, **served.facts)
