"""`stripsight hmi`: the operator page."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stripsight.cli.ending import end, refused
from stripsight.cli.options import DEFAULT_TARGET, Target, TlsFolder
from stripsight.errors import StripsightError
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.hmi.door import Door
    from stripsight.settings import Address

_NICENESS = 10
_LOOPBACK = ["127.0.0.1", "::1"]


def hmi(
    *,
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    listen: Annotated[
        str, typer.Option(help="Address of the page, host:port.", envvar="STRIPSIGHT_HMI_LISTEN")
    ] = "127.0.0.1:8080",
    name: Annotated[
        list[str] | None, typer.Option(help="Name that browsers call the page by.", envvar="STRIPSIGHT_HMI_NAME")
    ] = None,
    auth_file: Annotated[
        Path | None,
        typer.Option(help="Users who may log in (`stripsight hmi-user`).", envvar="STRIPSIGHT_HMI_AUTH_FILE"),
    ] = None,
    page_cert: Annotated[
        Path | None, typer.Option(help="The page's certificate, PEM.", envvar="STRIPSIGHT_HMI_PAGE_CERT")
    ] = None,
    page_key: Annotated[Path | None, typer.Option(help="Its key, PEM.", envvar="STRIPSIGHT_HMI_PAGE_KEY")] = None,
    allow_plaintext: Annotated[
        bool,
        typer.Option(
            "--allow-plaintext",
            help="Answer beyond this machine without TLS, and without a login if none is given.",
            envvar="STRIPSIGHT_HMI_ALLOW_PLAINTEXT",
        ),
    ] = False,
    trust_proxy_header: Annotated[
        str | None,
        typer.Option(help="Header by which a proxy names who it let in.", envvar="STRIPSIGHT_HMI_TRUST_PROXY_HEADER"),
    ] = None,
    trust_proxy_role_header: Annotated[
        str | None,
        typer.Option(help="Header for the role [viewer].", envvar="STRIPSIGHT_HMI_TRUST_PROXY_ROLE_HEADER"),
    ] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(help="IP address of the proxy [this machine].", envvar="STRIPSIGHT_HMI_PROXY")
    ] = None,
) -> None:
    """Serve the operator page, a client of a service that runs or will. Needs the extra `stripsight[hmi]`."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from stripsight.hmi.server import PageSettings, serve
    except ModuleNotFoundError as error:
        end(f"the page needs the package {error.name}: pip install 'stripsight[hmi]'", Exit.ERROR)
    door = _door(auth_file, trust_proxy_header, trust_proxy_role_header, proxy or _LOOPBACK)
    address = _address(listen)
    if (page_cert is None) is not (page_key is None):
        end("--page-cert and --page-key: expected both or none, found one", Exit.ERROR)
    if not (address.is_loopback or trust_proxy_header or (auth_file and page_cert) or allow_plaintext):
        end(
            f"--listen: the page answers on this machine only, found {listen}: give --auth-file with --page-cert and "
            "--page-key, since passwords are not sent in plain text, or --trust-proxy-header; or, on a network that "
            "nobody else reaches, --allow-plaintext",
            Exit.ERROR,
        )
    os.nice(_NICENESS)  # on the machine that inspects, the page comes after the strips
    whom = "" if door or address.is_loopback else ", for ANYBODY who reaches it"
    typer.echo(f"operator page: {'https' if page_cert else 'http'}://{listen}/{whom}")
    serve(PageSettings(target, address.host, address.port, tls, door, tuple(name or ()), page_cert, page_key))


def _door(auth_file: Path | None, header: str | None, role_header: str | None, proxies: list[str]) -> "Door | None":
    from stripsight.hmi.door import CookieDoor, ProxyDoor
    from stripsight.login.sessions import Sessions
    from stripsight.login.users import Users

    if auth_file and header:
        end("expected --auth-file or --trust-proxy-header, found both", Exit.ERROR)
    if header:
        return ProxyDoor(header, role_header, frozenset(proxies))
    if auth_file is None:
        return None
    try:
        return CookieDoor(Sessions(Users(auth_file)))
    except StripsightError as error:
        refused(error)


def _address(listen: str) -> "Address":
    from stripsight.settings import parse_address

    try:
        return parse_address(listen)
    except ValueError as error:
        end(f"--listen: {error}", Exit.ERROR)
