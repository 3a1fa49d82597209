"""The service's own files: its certificate and key, and the CA of those who may call. Checked before they are used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from stripsight.errors import CertificateError

Which = Literal["server", "client_ca"]
_OTHERS = 0o007


class Files(NamedTuple):
    """Where they are."""

    certificate: Path
    key: Path
    client_ca: Path


@dataclass(frozen=True)
class Served:
    """Certificates in use, as PEM. `not_after` is in UTC, `fingerprints` are SHA-256 in hexadecimal."""

    certificate: bytes
    key: bytes
    client_ca: bytes
    not_after: Mapping[Which, datetime]
    fingerprints: Mapping[Which, str]

    @property
    def facts(self) -> dict[str, str]:
        """What the log and the record say of them."""
        ends = {f"{which}_not_after": end.isoformat() for which, end in self.not_after.items()}
        return ends | {f"{which}_sha256": digest for which, digest in self.fingerprints.items()}


def load(files: Files, now: datetime) -> Served:
    """Read and check the files. Raises CertificateError that names the file, what was expected and what was found."""
    certificate, key, client_ca = _read(files.certificate), _key(files.key), _read(files.client_ca)
    leaf, authorities = _parsed(certificate, files.certificate)[0], _parsed(client_ca, files.client_ca)
    _check_pair(leaf, key, files)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        found = f"one from {leaf.not_valid_before_utc} to {leaf.not_valid_after_utc}"
        raise _wrong(files.certificate, f"a certificate that is valid at {now}", found)
    _check_authorities(authorities, files.client_ca, now)
    first = min(authorities, key=lambda authority: authority.not_valid_after_utc)
    found_by: Mapping[Which, x509.Certificate] = {"server": leaf, "client_ca": first}
    return Served(
        certificate,
        key,
        client_ca,
        {which: found.not_valid_after_utc for which, found in found_by.items()},
        {which: found.fingerprint(SHA256()).hex() for which, found in found_by.items()},
    )


def _check_pair(leaf: x509.Certificate, key: bytes, files: Files) -> None:
    try:
        public = load_pem_private_key(key, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _wrong(files.key, "a private key in PEM without a password", str(error)) from error
    if public != leaf.public_key():
        raise _wrong(files.key, f"the key of {files.certificate}", "another one's")


def _check_authorities(authorities: list[x509.Certificate], path: Path, now: datetime) -> None:
    for authority in authorities:
        try:
            is_ca = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except x509.ExtensionNotFound:
            is_ca = False
        if not is_ca:
            raise _wrong(path, "certificates of authorities", f"{authority.subject.rfc4514_string()}, which is none")
    if all(authority.not_valid_after_utc < now for authority in authorities):
        raise _wrong(path, f"an authority that is valid at {now}", "none")


def certificates_in(path: Path) -> list[x509.Certificate]:
    """Read the certificates of a PEM file, at least one. Raises CertificateError."""
    return _parsed(_read(path), path)


def _parsed(pem: bytes, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise _wrong(path, "certificates in PEM", str(error)) from error


def _key(path: Path) -> bytes:
    pem = _read(path)
    if path.stat().st_mode & _OTHERS:
        raise _wrong(path, "a key that only its owner and group may read", f"mode {path.stat().st_mode & 0o777:o}")
    return pem


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _wrong(path, "a file", error.strerror or str(error)) from error


def _wrong(path: Path, expected: str, found: str) -> CertificateError:
    return CertificateError(f"{path}: expected {expected}, found {found}", expected=expected, found=found)
