"""A folder with an authority, the service's certificate and one caller's for each role: whole, or not there at all."""

import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from stripsight.access.roles import Role
from stripsight.certificates.issue import Pair, Validity, issue_caller, issue_server, make_authority
from stripsight.errors import CertificateError

CA, CERTIFICATE, KEY = "ca.crt", "tls.crt", "tls.key"
_AUTHORITY_LASTS = timedelta(days=3650)


def make_folder(folder: Path, hosts: Sequence[str], now: datetime, lasts: timedelta) -> None:
    """Make `folder`: ca.crt and ca.key, and in server/ and a folder for each role ca.crt, tls.crt and tls.key.

    Raises CertificateError when something is there already, OSError when it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CertificateError(f"{folder}: expected an empty folder or none, since no certificate is replaced")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _fill(draft, hosts, Validity(now, lasts), make_authority("Stripsight CA", Validity(now, _AUTHORITY_LASTS)))
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft)
        raise


def write_pair(folder: Path, pair: Pair, authority: Pair) -> None:
    """Write ca.crt, tls.crt and tls.key into `folder`, each at once in the place of a former one."""
    folder.mkdir(exist_ok=True)
    _write(folder / CA, authority.certificate_pem)
    _write(folder / KEY, pair.key_pem, secret=True)
    _write(folder / CERTIFICATE, pair.certificate_pem)


def _fill(folder: Path, hosts: Sequence[str], validity: Validity, authority: Pair) -> None:
    _write(folder / CA, authority.certificate_pem)
    _write(folder / "ca.key", authority.key_pem, secret=True)
    write_pair(folder / "server", issue_server(authority, hosts, validity), authority)
    for role in Role:
        write_pair(folder / role, issue_caller(authority, role, [role], validity), authority)


def _write(path: Path, data: bytes, *, secret: bool = False) -> None:
    draft = path.with_name(f".{path.name}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
