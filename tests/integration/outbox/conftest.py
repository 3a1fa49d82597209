"""Debian's PostgreSQL in a directory of its own, reached by a socket in it; never as root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

_USER = "postgres"


class PostgreSQL:
    """A server that can be stopped and started; `url` is where it answers while it runs."""

    def __init__(self) -> None:
        """Make the database and start it."""
        self._folder = Path(tempfile.mkdtemp(prefix="stripsight-postgresql-"))
        self._data = self._folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)
        self._run("initdb", "--pgdata", str(self._data), "--username", _USER, "--no-sync", "--auth", "trust")
        self.url = f"postgresql+psycopg://{_USER}@/{_USER}?host={self._folder}"
        self.start()

    def start(self) -> None:
        """Return once it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "-D", str(self._data), "-l", str(self._folder / "log"), "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it as a crash would, or in order ("fast")."""
        self._run("pg_ctl", "stop", "--wait", "-D", str(self._data), "-m", mode)

    def engine(self) -> Engine:
        """Return an engine of one's own on it."""
        return create_engine(self.url, isolation_level="AUTOCOMMIT")

    def empty(self) -> None:
        """Take away all that a test has made."""
        engine = self.engine()
        with engine.connect() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))[-1]), *arguments]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, preexec_fn=_nobody()
        )
        assert done.returncode == 0, done.stderr.decode()


def _nobody() -> Callable[[], None] | None:
    """Return what gives root's rights up; PostgreSQL refuses to run with them."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(_USER)

    def give_up() -> None:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    return give_up


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgreSQL]:
    """One server for all tests here."""
    cluster = PostgreSQL()
    yield cluster
    cluster.remove()


@pytest.fixture
def postgresql(cluster: PostgreSQL) -> PostgreSQL:
    """An empty one."""
    cluster.empty()
    return cluster
