"""A small authority that issues certificates for a service and for callers: for tests and trials."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stripsight.access.roles import Role
from stripsight.certificates.caller import ROLE_URI

_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class Validity:
    """From when to when, in UTC; from a little before `since`, since clocks differ."""

    since: datetime
    lasts: timedelta


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as PEM, without a password."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_authority(name: str, validity: Validity) -> Pair:
    """Make an authority that may sign certificates for callers and services, and no other authority."""
    key = generate_private_key(SECP256R1())
    builder = (
        _builder(name, name, key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Pair(builder.sign(key, SHA256()), key)


def issue_server(authority: Pair, hosts: Sequence[str], validity: Validity) -> Pair:
    """Issue a service's certificate for the names and IP addresses by which it is called; the first is its name."""
    names = [_host(host) for host in hosts]
    return _issued(authority, hosts[0], names, ExtendedKeyUsageOID.SERVER_AUTH, validity)


def issue_caller(authority: Pair, name: str, roles: Sequence[Role], validity: Validity) -> Pair:
    """Issue a caller's certificate with its roles."""
    uris = [x509.UniformResourceIdentifier(f"{ROLE_URI}{role}") for role in roles]
    return _issued(authority, name, uris, ExtendedKeyUsageOID.CLIENT_AUTH, validity)


def _issued(
    authority: Pair, name: str, names: Sequence[x509.GeneralName], use: x509.ObjectIdentifier, validity: Validity
) -> Pair:
    key = generate_private_key(SECP256R1())
    issuer = authority.certificate
    builder = (
        _builder(name, issuer.subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(authority.key, SHA256()), key)


def _builder(
    name: str, issuer: str | x509.Name, key: EllipticCurvePrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer if isinstance(issuer, x509.Name) else _named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.since - _CLOCKS_APART)
        .not_valid_after(validity.since + validity.lasts)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
