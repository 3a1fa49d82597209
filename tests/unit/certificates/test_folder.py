"""A folder of certificates: whole, or not there."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stripsight.access.roles import Role
from stripsight.certificates.caller import caller_of
from stripsight.certificates.describe import describe
from stripsight.certificates.folder import make_folder
from stripsight.certificates.load import Files, load
from stripsight.errors import CertificateError

DAY = timedelta(days=1)


def test_it_holds_all_that_a_line_needs(now: datetime, tmp_path: Path) -> None:
    """A service can use its folder, each caller has its one role, and keys are their owner's."""
    folder = tmp_path / "parent" / "pki"
    make_folder(folder, ["line-3", "10.0.0.7"], now, DAY)
    server = folder / "server"
    load(Files(server / "tls.crt", server / "tls.key", server / "ca.crt"), now)
    assert describe(server / "tls.crt")[0].hosts == ("line-3", "10.0.0.7")
    for role in Role:
        caller = caller_of((folder / role / "tls.crt").read_bytes())
        assert (caller.name, caller.roles, caller.not_after) == (role, {role}, now + DAY)
    keys = sorted(folder.rglob("*.key"))
    assert len(keys) == 6
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert sorted(path.name for path in folder.parent.iterdir()) == ["pki"]


def test_nothing_that_is_there_is_replaced(now: datetime, tmp_path: Path) -> None:
    """An empty folder is taken; one with anything in it, and a file, are refused and stay as they are."""
    make_folder(tmp_path, ["a"], now, DAY)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for taken in (tmp_path, tmp_path / "ca.crt"):
        with pytest.raises(CertificateError, match="no certificate is replaced"):
            make_folder(taken, ["b"], now, DAY)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_fails_leaves_nothing_behind(now: datetime, tmp_path: Path) -> None:
    """A host that cannot be in a certificate."""
    with pytest.raises(ValueError, match="A-label"):
        make_folder(tmp_path / "pki", ["ö"], now, DAY)
    assert list(tmp_path.iterdir()) == []
