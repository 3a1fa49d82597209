"""`stripsight records`: verify, list, show, export. Reads a directory; no service has to run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from stripsight.errors import RecordError
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.journal.chain import Link
    from stripsight.journal.lot import Lot
    from stripsight.journal.reader import Reader

app = typer.Typer(help="Verify, search, show and export what is on record.", no_args_is_help=True)

DEFAULT_DIR = Path("/var/lib/stripsight/records")

RecordDir = Annotated[Path, typer.Option(envvar="STRIPSIGHT_RECORD_DIR", help="Directory of the record.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]


class VerdictOption(StrEnum):
    """What became of a strip."""

    ACCEPT = "accept"
    REJECT = "reject"
    REFUSED = "refused"


@app.command()
def verify(
    *,
    record_dir: RecordDir = DEFAULT_DIR,
    public_key: Annotated[
        Path | None, typer.Option(help="Public key that signed the checkpoints [signing.pub beside the record].")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="A record that somebody else knows, as SEQ:HASH of a reply.")
    ] = None,
) -> None:
    """Check every record, the chain and its signatures. Exit status: 0 good, 8 the first bad record is named."""
    witnesses = [_witness(text) for text in witness or []]
    with _reader(record_dir) as reader:
        checked = reader.verify(public_key, witnesses)
    if checked.fault is not None:
        _end(f"RECORDS_DAMAGED: {checked.fault}", Exit.RECORD)
    typer.echo(f"{checked.last.seq} records are good, signed up to {checked.signed.seq}")
    typer.echo(f"last hash {checked.last.hash.hex()}")


@app.command("list")
def list_records(
    *,
    record_dir: RecordDir = DEFAULT_DIR,
    lot: Annotated[str | None, typer.Option(help="Only this lot.")] = None,
    verdict: Annotated[VerdictOption | None, typer.Option(help="Only strips answered so.")] = None,
    cause: Annotated[str | None, typer.Option(help="Only strips with this cause or reason, such as ANOMALY.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, ISO 8601, UTC if it does not say.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 20,
    events: Annotated[bool, typer.Option("--events", help="Events instead of strips.")] = False,
    as_json: AsJson = False,
) -> None:
    """List strips, oldest first."""
    from stripsight import records_show
    from stripsight.journal.lot import strips_of
    from stripsight.journal.reader import Wanted
    from stripsight.journal.record import EventKind

    wanted = Wanted(
        kinds=tuple(EventKind) if events else ("strip",),
        lot_id=lot,
        verdict=verdict.value.upper() if verdict else None,
        cause=cause.upper() if cause else None,
        since_us=_time_us(since),
        until_us=_time_us(until),
    )
    with _reader(record_dir) as reader:
        found, overruled = reader.find(wanted, limit), reader.overruled()
    if as_json:
        records_show.as_json_lines(found)
    elif events:
        records_show.events(found)
    else:
        records_show.strips(strips_of(found, overruled))


@app.command()
def show(
    which: Annotated[str, typer.Argument(help="Number of a record, or id of a strip.")],
    *,
    record_dir: RecordDir = DEFAULT_DIR,
    lot: Annotated[str | None, typer.Option(help="Lot of the strip; WHICH is then an id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is on record about a strip: every score against its threshold. Of several, the latest."""
    from stripsight import records_show
    from stripsight.journal.reader import Wanted

    with _reader(record_dir) as reader:
        if which.isdecimal() and lot is None:
            at = reader.at(int(which))
            found = [] if at is None else [at]
        else:
            found = reader.find(Wanted(kinds=("strip",), strip_id=which, lot_id=lot))
        overruled = reader.overruled()
    if not found:
        _end(f"expected a record of {which}, found none", Exit.ERROR)
    if as_json:
        records_show.as_json_lines(found[-1:])
    else:
        records_show.one(found[-1], overruled, others=[kept.link.seq for kept in found[:-1]])


@app.command()
def export(
    lot: Annotated[str, typer.Argument(help="Id of the lot.")],
    *,
    record_dir: RecordDir = DEFAULT_DIR,
    csv: Annotated[Path | None, typer.Option(help="File for a table as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="File for the same table as Parquet.")] = None,
    report: Annotated[Path | None, typer.Option(help="File for a report as one HTML page.")] = None,
) -> None:
    """Write a lot's table or report. The report says whether the whole record verifies."""
    if not (csv or parquet or report):
        _end("expected at least one of --csv, --parquet and --report, found none", Exit.ERROR)
    with _reader(record_dir) as reader:
        found = _lot(reader, lot)
        checked = reader.verify() if report else None
    try:
        if csv or parquet:
            from stripsight.journal import export as tables

            for path, write in ((csv, tables.write_csv), (parquet, tables.write_parquet)):
                if path is not None:
                    write(found, path)
        if report and checked:
            from stripsight.journal.report import write_report

            write_report(found, checked, report)
    except OSError as error:
        _end(str(error), Exit.ERROR)
    typer.echo(f"{len(found.strips)} strips of lot {lot}")


def _lot(reader: "Reader", lot_id: str) -> "Lot":
    from stripsight.journal.lot import Lot, strips_of
    from stripsight.journal.reader import Wanted
    from stripsight.journal.record import EventKind

    strips = reader.find(Wanted(kinds=("strip",), lot_id=lot_id))
    if not strips:
        _end(f"expected strips of lot {lot_id}, found none", Exit.ERROR)
    kinds = tuple(kind for kind in EventKind if kind not in (EventKind.CHECKPOINT, EventKind.OVERRULED))
    begin, end = strips[0].entry.utc_us, strips[-1].entry.utc_us + 1
    # What was loaded last before the lot began belongs to it: there its challenge set passed.
    loaded = reader.find(Wanted(kinds=(EventKind.BUNDLE,), until_us=begin), 1)
    during = reader.find(Wanted(kinds=kinds, since_us=begin, until_us=end))
    return Lot(lot_id, tuple(strips_of(strips, reader.overruled())), (*loaded, *during))


@contextmanager
def _reader(folder: Path) -> Iterator["Reader"]:
    from stripsight.journal.reader import Reader

    try:
        reader = Reader(folder)
        try:
            yield reader
        finally:
            reader.close()
    except RecordError as error:
        _end(f"{error.reason}: {error.message}", Exit.RECORD)


def _witness(text: str) -> "Link":
    from stripsight.journal.chain import Link

    if not re.fullmatch(r"[0-9]{1,19}:[0-9a-fA-F]{64}", text):
        _end(f"witness: expected SEQ:HASH with 64 hexadecimal digits, found {text!r}", Exit.ERROR)
    seq, _, digest = text.partition(":")
    return Link(int(seq), bytes.fromhex(digest))


def _time_us(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        _end(f"expected a time such as 2026-01-31T08:00, found {text!r}", Exit.ERROR)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _end(message: str, code: Exit) -> NoReturn:
    typer.echo(f"stripsight: {message}", err=True)
    raise typer.Exit(code)
