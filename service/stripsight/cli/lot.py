"""`stripsight lot`: open and close a lot, see how it is, run its challenge strips."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_TARGET, AsJson, Target, TlsFolder
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.client.lots import LotClient

app = typer.Typer(help="Open and close lots at the line; run challenge strips.", no_args_is_help=True)

LotId = Annotated[str, typer.Argument(help="Id of the lot.")]
Who = Annotated[str, typer.Option(envvar="STRIPSIGHT_WHO", help="Who does it, for the record.")]


@app.command("open")
def open_lot(
    lot: LotId,
    *,
    who: Who,
    product: Annotated[str, typer.Option(help="Product on the machine [the one the service has].")] = "",
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Open a lot once the challenge strips have passed. Exit status: 0 open, 1 a challenge was missed, 2 no answer."""
    from stripsight.cli import lot_show

    with _client(target, tls) as client:
        lot_show.lot(client.open_lot(lot, product=product or _product(target, tls), who=who), as_json=as_json)


@app.command("close")
def close_lot(
    lot: LotId, *, who: Who, target: Target = DEFAULT_TARGET, tls: TlsFolder = None, as_json: AsJson = False
) -> None:
    """Close the lot after a last run of the challenge strips. Exit status: 0 closed, 1 strips in doubt, 2 no answer."""
    from stripsight.cli import lot_show

    with _client(target, tls) as client:
        closed = client.close_lot(lot, who=who)
    lot_show.lot(closed, as_json=as_json)
    if closed.HasField("in_doubt"):
        raise typer.Exit(Exit.REJECT)


@app.command()
def show(
    lot: Annotated[str, typer.Argument(help="Id of the lot [the one that is open or stopped].")] = "",
    *,
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show a lot: its counts, its challenges, its strips in doubt."""
    from stripsight.cli import lot_show

    with _client(target, tls) as client:
        lot_show.lot(client.get(lot), as_json=as_json)


@app.command()
def challenge(*, target: Target = DEFAULT_TARGET, tls: TlsFolder = None, as_json: AsJson = False) -> None:
    """Run the challenge strips now, in the lot that is open. Exit status: 0 passed, 1 missed, 2 no answer."""
    from stripsight.cli import lot_show

    with _client(target, tls) as client:
        run = client.challenge()
    lot_show.run(run, as_json=as_json)
    if run.missed:
        raise typer.Exit(Exit.REJECT)


@contextmanager
def _client(target: str, tls: TlsFolder) -> Iterator["LotClient"]:
    """Connect; an error of the service ends the command."""
    from stripsight.client.lots import LotClient, ServiceError

    try:
        with LotClient(target, tls) as client:
            yield client
    except ServiceError as error:
        end(str(error), Exit.REJECT if error.reason == "CHALLENGE_MISSED" else Exit.ERROR)


def _product(target: str, tls: TlsFolder) -> str:
    from stripsight.client import Client

    with Client(target, tls) as client:
        return client.status().product.name
