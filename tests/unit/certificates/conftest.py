"""An authority, and files that it signed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stripsight.certificates.folder import write_pair
from stripsight.certificates.issue import Pair, Validity, issue_server, make_authority
from stripsight.certificates.load import Files

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The time at which certificates begin."""
    return NOW


@pytest.fixture(scope="module")
def authority() -> Pair:
    """An authority of 1000 days."""
    return make_authority("plant", Validity(NOW, timedelta(days=1000)))


@pytest.fixture
def put(authority: Pair, tmp_path: Path) -> Callable[[timedelta], Files]:
    """Write a new server certificate that lasts so long, in the place of the former one: `put(lasts)`."""

    def put(lasts: timedelta) -> Files:
        write_pair(tmp_path, issue_server(authority, ["localhost"], Validity(NOW, lasts)), authority)
        return Files(tmp_path / "tls.crt", tmp_path / "tls.key", tmp_path / "ca.crt")

    return put
