"""Certificates that are replaced while the service runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stripsight.alarms import AlarmCode
from stripsight.certificates.load import Files, Served
from stripsight.certificates.watch import Certificates
from stripsight.errors import CertificateError

Put = Callable[[timedelta], Files]
YEAR = timedelta(days=365)


def test_new_files_take_over_and_are_told(put: Put, now: datetime) -> None:
    """Each once, the first as well."""
    told: list[Served] = []
    certificates = Certificates(put(YEAR), told.append, lambda: now)
    first = certificates.current()
    assert certificates.current() is first
    put(2 * YEAR)
    second = certificates.current()
    assert second.not_after["server"] == now + 2 * YEAR
    assert told == [first, second]


def test_files_that_are_broken_never_take_over(put: Put, now: datetime) -> None:
    """The former ones stay, with an alarm that says what is wrong and since when, until the files are good again."""
    times = [now, now, now + timedelta(hours=1)]
    files, told = put(YEAR), list[Served]()
    certificates = Certificates(files, told.append, lambda: times[-1])
    first = certificates.current()
    files.certificate.write_bytes(b"half")
    assert certificates.current() is first
    (alarm,) = certificates.alarms
    assert (alarm.code, alarm.since, alarm.urgent) == (AlarmCode.CERTIFICATE_BROKEN, times[-1], False)
    assert "tls.crt: expected certificates in PEM" in alarm.message
    times.append(now + timedelta(hours=2))
    files.certificate.unlink()
    (later,) = certificates.alarms
    assert later.since == alarm.since
    assert "tls.crt: expected a file" in later.message
    put(YEAR)
    assert certificates.alarms == ()
    assert len(told) == 2


def test_the_same_files_written_again_are_no_news(put: Put, now: datetime) -> None:
    """A tool that writes every hour fills no log."""
    files, told = put(YEAR), list[Served]()
    certificates = Certificates(files, told.append, lambda: now)
    first = certificates.current()
    for path in files:
        path.write_bytes(path.read_bytes())
    assert certificates.current() is first
    assert told == [first]


def test_what_is_broken_at_the_start_is_an_error(put: Put, now: datetime) -> None:
    """There is nothing to go on with."""
    files = put(YEAR)
    files.key.unlink()
    with pytest.raises(CertificateError, match=r"tls\.key"):
        Certificates(files, now=lambda: now)


def test_the_end_is_told_thirty_days_before(put: Put, now: datetime) -> None:
    """Since then, and urgently once it is there: clients will not connect any more."""
    day, time = timedelta(days=1), [now]
    certificates = Certificates(put(60 * day), now=lambda: time[-1])
    time.append(now + 30 * day - timedelta(seconds=1))
    assert certificates.alarms == ()
    time.append(now + 30 * day)
    (alarm,) = certificates.alarms
    assert (alarm.code, alarm.since, alarm.urgent) == (AlarmCode.CERTIFICATE_EXPIRES, now + 30 * day, False)
    assert "the server certificate ends 2026-07-31" in alarm.message
    time.append(now + 60 * day)
    assert [alarm.urgent for alarm in certificates.alarms] == [True]


def test_a_link_that_is_turned_to_other_files_is_seen(put: Put, now: datetime, tmp_path: Path) -> None:
    """Kubernetes replaces a secret so."""
    written = put(YEAR)
    for name, lasts in (("old", YEAR), ("new", 2 * YEAR)):
        put(lasts)
        (tmp_path / name).mkdir()
        for path in written:
            path.rename(tmp_path / name / path.name)
    link = tmp_path / "now"
    link.symlink_to("old")
    certificates = Certificates(Files(*(link / path.name for path in written)), now=lambda: now)
    (tmp_path / "turned").symlink_to("new")
    (tmp_path / "turned").rename(link)
    assert certificates.current().not_after["server"] == now + 2 * YEAR
