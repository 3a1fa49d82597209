"""The service's own files are checked before they are used."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stripsight.certificates.issue import Pair, Validity, issue_caller, make_authority
from stripsight.certificates.load import Files, load
from stripsight.errors import CertificateError

Put = Callable[[timedelta], Files]
Change = Callable[[Files, Pair, datetime], object]
YEAR = timedelta(days=365)


def test_good_files_are_read_as_they_are(put: Put, now: datetime, authority: Pair) -> None:
    """With their ends: the server's, and the first of the clients' authorities."""
    files = put(YEAR)
    soon = make_authority("former", Validity(now, timedelta(days=3)))
    files.client_ca.write_bytes(authority.certificate_pem + soon.certificate_pem)
    served = load(files, now)
    assert (served.certificate, served.key) == (files.certificate.read_bytes(), files.key.read_bytes())
    assert served.not_after == {"server": now + YEAR, "client_ca": now + timedelta(days=3)}


def test_a_former_authority_that_has_ended_does_no_harm(put: Put, now: datetime, authority: Pair) -> None:
    """As long as another one is valid."""
    files = put(YEAR)
    former = make_authority("former", Validity(now - YEAR, timedelta(days=1)))
    files.client_ca.write_bytes(former.certificate_pem + authority.certificate_pem)
    assert load(files, now).not_after["client_ca"] < now


def other_key(files: Files, authority: Pair, now: datetime) -> None:
    """Put the key of another certificate there."""
    files.key.write_bytes(authority.key_pem)


def no_authority(files: Files, authority: Pair, now: datetime) -> None:
    """Put a certificate that may not sign others in the place of the CA."""
    files.client_ca.write_bytes(issue_caller(authority, "m", [], Validity(now, YEAR)).certificate_pem)


def ended_authority(files: Files, authority: Pair, now: datetime) -> None:
    """Put an authority there whose time is over."""
    files.client_ca.write_bytes(make_authority("a", Validity(now - YEAR, timedelta(days=1))).certificate_pem)


WRONG: dict[str, tuple[Change, str]] = {
    "no certificate": (lambda files, *_: files.certificate.unlink(), "tls.crt: expected a file"),
    "no key": (lambda files, *_: files.key.unlink(), "tls.key: expected a file"),
    "no authority's file": (lambda files, *_: files.client_ca.unlink(), "ca.crt: expected a file"),
    "half a certificate": (
        lambda files, *_: files.certificate.write_bytes(files.certificate.read_bytes()[:200]),
        "tls.crt: expected certificates in PEM",
    ),
    "an empty authority": (lambda files, *_: files.client_ca.write_bytes(b""), "ca.crt: expected certificates in PEM"),
    "no key in the key": (lambda files, *_: files.key.write_bytes(b"key"), "tls.key: expected a private key in PEM"),
    "another key": (other_key, "tls.key: expected the key of .*tls.crt, found another"),
    "a key that everybody may read": (
        lambda files, *_: files.key.chmod(0o644),
        "and group may read, found .*644",
    ),
    "a caller as authority": (no_authority, "ca.crt: expected certificates of authorities, found CN=m"),
    "an authority that has ended": (ended_authority, "ca.crt: expected an authority that is valid"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_work_is_named(name: str, put: Put, authority: Pair, now: datetime) -> None:
    """File, expectation and finding."""
    change, message = WRONG[name]
    files = put(YEAR)
    change(files, authority, now)
    with pytest.raises(CertificateError, match=message):
        load(files, now)


@pytest.mark.parametrize("days", [-1, 366])
def test_a_certificate_is_used_only_in_its_time(days: int, put: Put, now: datetime) -> None:
    """Neither before nor after."""
    with pytest.raises(CertificateError, match=r"tls.crt: expected a certificate that is valid at .*, found one from"):
        load(put(YEAR), now + timedelta(days=days))


def test_a_key_for_its_group_is_fine(put: Put, now: datetime, tmp_path: Path) -> None:
    """As a secret of Kubernetes comes to a service that is not root."""
    files = put(YEAR)
    files.key.chmod(0o440)
    assert load(files, now).key == files.key.read_bytes()
