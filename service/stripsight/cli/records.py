"""`stripsight records`: verify, list, show, export. Reads a directory; no service has to run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_RECORD_DIR, RecordDir
from stripsight.cli.records_read import lot_of, opened, time_us, witnessed
from stripsight.exits import Exit

app = typer.Typer(help="Verify, search, show and export what is on record.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")]


class VerdictOption(StrEnum):
    """What became of a strip."""

    ACCEPT = "accept"
    REJECT = "reject"
    REFUSED = "refused"


@app.command()
def verify(
    *,
    record_dir: RecordDir = DEFAULT_RECORD_DIR,
    public_key: Annotated[
        Path | None, typer.Option(help="Public key that signed the checkpoints [signing.pub beside the record].")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="A record that somebody else knows, as SEQ:HASH of a reply.")
    ] = None,
) -> None:
    """Check every record, the chain and its signatures. Exit status: 0 good, 8 the first bad record is named."""
    witnesses = [witnessed(text) for text in witness or []]
    with opened(record_dir) as reader:
        checked = reader.verify(public_key, witnesses)
    if checked.fault is not None:
        end(f"RECORDS_DAMAGED: {checked.fault}", Exit.RECORD)
    typer.echo(f"{checked.last.seq} records are good, signed up to {checked.signed.seq}")
    typer.echo(f"last hash {checked.last.hash.hex()}")


@app.command("list")
def list_records(
    *,
    record_dir: RecordDir = DEFAULT_RECORD_DIR,
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
    from stripsight.cli import records_show
    from stripsight.journal.lot import strips_of
    from stripsight.journal.reader import Wanted
    from stripsight.journal.record import EventKind

    wanted = Wanted(
        kinds=tuple(EventKind) if events else ("strip",),
        lot_id=lot,
        verdict=verdict.value.upper() if verdict else None,
        cause=cause.upper() if cause else None,
        since_us=time_us(since),
        until_us=time_us(until),
    )
    with opened(record_dir) as reader:
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
    record_dir: RecordDir = DEFAULT_RECORD_DIR,
    lot: Annotated[str | None, typer.Option(help="Lot of the strip; WHICH is then an id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is on record about a strip: every score against its threshold. Of several, the latest."""
    from stripsight.cli import records_show
    from stripsight.journal.reader import Wanted

    with opened(record_dir) as reader:
        if which.isdecimal() and lot is None:
            at = reader.at(int(which))
            found = [] if at is None else [at]
        else:
            found = reader.find(Wanted(kinds=("strip",), strip_id=which, lot_id=lot))
        overruled = reader.overruled()
    if not found:
        end(f"expected a record of {which}, found none", Exit.ERROR)
    if as_json:
        records_show.as_json_lines(found[-1:])
    else:
        records_show.one(found[-1], overruled, others=[kept.link.seq for kept in found[:-1]])


@app.command()
def export(
    lot: Annotated[str, typer.Argument(help="Id of the lot.")],
    *,
    record_dir: RecordDir = DEFAULT_RECORD_DIR,
    csv: Annotated[Path | None, typer.Option(help="File for a table as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="File for the same table as Parquet.")] = None,
    report: Annotated[Path | None, typer.Option(help="File for a report as one HTML page.")] = None,
) -> None:
    """Write a lot's table or report. The report says whether the whole record verifies."""
    if not (csv or parquet or report):
        end("expected at least one of --csv, --parquet and --report, found none", Exit.ERROR)
    with opened(record_dir) as reader:
        found = lot_of(reader, lot)
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
        end(str(error), Exit.ERROR)
    typer.echo(f"{len(found.strips)} strips of lot {lot}")
