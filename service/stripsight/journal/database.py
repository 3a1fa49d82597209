"""The SQLite file: opened to write by one process, to read by any. Never retried, never half synced."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event

NAME = "records.db"
_BUSY_S = 5.0

# WAL: readers never wait for a commit nor it for them. FULL: a commit is on disk when it returns. The copying of
# the log into the file, which takes long and syncs twice, is done between strips and not inside a commit.
_WRITER = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA trusted_schema = OFF",
)
_READER = ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF")


def writer(folder: Path) -> Engine:
    """Return an engine for the one thread at a time that writes; the file is made when it is missing."""
    engine = _engine(_uri(folder, "rwc"), _WRITER, "BEGIN IMMEDIATE")

    @event.listens_for(engine, "connect", insert=True)
    def logged(connection: sqlite3.Connection, _: object) -> None:
        """Where SQLite cannot keep a log it goes on without one; an error on the way shows only with the answer."""
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError(f"expected a write-ahead log, found journal mode {mode}")

    return engine


def reader(folder: Path) -> Engine:
    """Return an engine that cannot write. The folder of a running service and a copy on a read-only disk both do."""
    logged = (folder / f"{NAME}-wal").exists()
    mode = "ro" if logged or os.access(folder, os.W_OK) else "ro&immutable=1"
    return _engine(_uri(folder, mode), _READER, "BEGIN")


def flush_log(engine: Engine) -> None:
    """Copy the write-ahead log into the file as far as no reader holds it, so that it can be used from its start."""
    connection = engine.raw_connection()  # outside any transaction
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        connection.close()


def _uri(folder: Path, mode: str) -> str:
    return f"sqlite+pysqlite:///file:{quote(str(folder.resolve() / NAME))}?mode={mode}&uri=true"


def _engine(url: str, pragmas: tuple[str, ...], begin: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": _BUSY_S})

    # sqlite3 would begin transactions by itself, late and not before every statement: SQLAlchemy's documentation,
    # "Serializable isolation / Savepoints / Transactional DDL" of the SQLite dialect.
    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
