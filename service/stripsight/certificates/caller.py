"""From a caller's certificate to its name and roles."""

from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from stripsight.access.roles import Caller, Role

ROLE_URI = "stripsight:role:"
"""A role is a URI among the certificate's subject alternative names, such as stripsight:role:inspect."""


@lru_cache(64)
def caller_of(pem: bytes) -> Caller:
    """Read a certificate that the handshake has verified. A role that is not one of ours gives nothing."""
    certificate = x509.load_pem_x509_certificate(pem)
    words = {uri.removeprefix(ROLE_URI) for uri in _uris(certificate) if uri.startswith(ROLE_URI)}
    roles = frozenset(role for role in Role if role in words)
    return Caller(_name(certificate), roles, certificate.not_valid_after_utc)


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def _name(certificate: x509.Certificate) -> str:
    """Return the common name, or what else tells the certificate from others, in printable characters."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(common[0].value) if common else certificate.subject.rfc4514_string()
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return printable or f"serial {certificate.serial_number:x}"
