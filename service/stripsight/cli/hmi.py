"""`stripsight hmi`: the operator page."""

import os
from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_TARGET, Target, TlsFolder
from stripsight.exits import Exit

_NICENESS = 10


def hmi(
    *,
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    listen: Annotated[
        str, typer.Option(help="Address of the page, host:port.", envvar="STRIPSIGHT_HMI_LISTEN")
    ] = "127.0.0.1:8080",
) -> None:
    """Serve the operator page, a client of a service that runs or will. Needs the extra `stripsight[hmi]`."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from stripsight.hmi.server import PageSettings, is_loopback, serve
    except ModuleNotFoundError as error:
        end(f"the page needs the package {error.name}: pip install 'stripsight[hmi]'", Exit.ERROR)
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or not is_loopback(host.strip("[]")):
        end(f"--listen: expected a loopback address as host:port, such as 127.0.0.1:8080, found {listen}", Exit.ERROR)
    os.nice(_NICENESS)  # on the machine that inspects, the page comes after the strips
    typer.echo(f"operator page: http://{listen}/")
    serve(PageSettings(target, host.strip("[]"), int(port), Path(tls) if tls else None))
