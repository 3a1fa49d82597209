"""What a certificate says, for people."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from stripsight.certificates.caller import caller_of
from stripsight.certificates.load import certificates_in


@dataclass(frozen=True)
class Description:
    """One certificate. `hosts` are those that a service is called by, `roles` those of a caller."""

    name: str
    roles: tuple[str, ...]
    hosts: tuple[str, ...]
    not_after: datetime


def describe(path: Path) -> list[Description]:
    """Describe the certificates in a file. Raises CertificateError."""
    return [_described(certificate) for certificate in certificates_in(path)]


def _described(certificate: x509.Certificate) -> Description:
    return Description(
        certificate.subject.rfc4514_string(),
        tuple(sorted(caller_of(certificate.public_bytes(Encoding.PEM)).roles)),
        _hosts(certificate),
        certificate.not_valid_after_utc,
    )


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *addresses)
