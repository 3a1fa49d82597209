"""A caller's certificate as a name and roles."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from stripsight.access.roles import Caller, Role
from stripsight.certificates.caller import caller_of
from stripsight.certificates.issue import Pair, Validity, issue_caller


def signed(authority: Pair, names: Sequence[x509.GeneralName], subject: x509.Name) -> bytes:
    """Sign a certificate as another authority's tools might."""
    own = authority.certificate
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=own.subject,
        public_key=authority.key.public_key(),
        serial_number=0xABC,
        not_valid_before=own.not_valid_before_utc,
        not_valid_after=own.not_valid_after_utc,
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority.key, SHA256()).public_bytes(Encoding.PEM)


def named(name: str) -> x509.Name:
    """Return a subject with a common name."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def test_name_roles_and_end_are_read(authority: Pair, now: datetime) -> None:
    """As they were written."""
    pair = issue_caller(authority, "machine-1", [Role.INSPECT, Role.OPERATE], Validity(now, timedelta(days=1)))
    expected = Caller("machine-1", frozenset({Role.INSPECT, Role.OPERATE}), now + timedelta(days=1))
    assert caller_of(pair.certificate_pem) == expected


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.DNSName("stripsight:role:inspect")],
        [x509.UniformResourceIdentifier("stripsight:role:root")],
        [x509.UniformResourceIdentifier("stripsight:role:INSPECT")],
        [x509.UniformResourceIdentifier("stripsight:role:inspect ")],
        [x509.UniformResourceIdentifier("https://example.org/stripsight:role:inspect")],
    ],
)
def test_whatever_is_not_exactly_a_role_gives_nothing(authority: Pair, names: Sequence[x509.GeneralName]) -> None:
    """A certificate of the plant's for something else gets none by accident."""
    assert caller_of(signed(authority, names, named("inspect"))).roles == frozenset()


def test_a_name_never_paints_or_breaks_a_line(authority: Pair) -> None:
    """It goes into the log and the record."""
    assert caller_of(signed(authority, [], named("Jürgen\n\x1b[31m"))).name == "Jürgen\\n\\x1b[31m"


def test_without_a_common_name_there_is_another(authority: Pair) -> None:
    """So that the record can tell callers apart."""
    organisation = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Line 3")])
    assert caller_of(signed(authority, [], organisation)).name == "O=Line 3"
    assert caller_of(signed(authority, [], x509.Name([]))).name == "serial abc"
