"""`stripsight certs`: make certificates for a trial, or look at some."""

from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli.ending import end, refused
from stripsight.errors import StripsightError
from stripsight.exits import Exit

app = typer.Typer(help="Make certificates for a trial, or look at some.", no_args_is_help=True)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    *,
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address by which the service is called [this machine's].")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Validity; that of the CA is 3650.")] = 365,
) -> None:
    """Make a CA, the service's certificate and one caller's for each role. Nothing that is there is replaced.

    Every key lies in the folder, so this is for trials; or move ca.key to a safe place, and each folder to its machine.
    """
    import socket
    from datetime import timedelta

    from stripsight.certificates.folder import make_folder
    from stripsight.certificates.watch import utc_now

    hosts = host or [socket.gethostname(), "localhost", "127.0.0.1", "::1"]
    try:
        make_folder(folder, hosts, utc_now(), timedelta(days=days))
    except StripsightError as error:
        refused(error)
    except (OSError, ValueError) as error:
        end(str(error), Exit.ERROR)
    server = folder / "server"
    typer.echo(f"made {folder}: ca, server for {', '.join(hosts)}, inspect, view, operate, engineer")
    typer.echo(f"serve: --tls-cert {server}/tls.crt --tls-key {server}/tls.key --tls-client-ca {server}/ca.crt")
    typer.echo(f"call:  stripsight status --tls {folder / 'view'}")


@app.command()
def show(path: Annotated[Path, typer.Argument(help="PEM file, or a folder of .crt files.")]) -> None:
    """Print name, roles, hosts and end of each certificate."""
    from rich.console import Console
    from rich.table import Table

    from stripsight.certificates.describe import describe

    table = Table()
    for column in ("file", "name", "role of a caller, hosts of a service", "ends (UTC)"):
        table.add_column(column, overflow="fold")
    try:
        for file in sorted(path.rglob("*.crt")) if path.is_dir() else [path]:
            for found in describe(file):
                where = str(file.relative_to(path)) if path.is_dir() else file.name
                uses = "\n".join(found.roles + found.hosts)
                table.add_row(where, found.name, uses, f"{found.not_after:%Y-%m-%d %H:%M}")
    except StripsightError as error:
        refused(error)
    Console(highlight=False, markup=False).print(table)
