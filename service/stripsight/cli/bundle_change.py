"""`stripsight bundle list | activate | rollback`: which bundle a service judges by, and changing it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_TARGET, AsJson, Target, TlsFolder
from stripsight.exits import Exit

if TYPE_CHECKING:
    from stripsight.client.bundles import BundleClient

Who = Annotated[str, typer.Option(envvar="STRIPSIGHT_WHO", help="Who changes it, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record.")]
Despite = Annotated[str, typer.Option(help="Why now, although a lot is open, for the record.")]


def list_bundles(*, target: Target = DEFAULT_TARGET, tls: TlsFolder = None, as_json: AsJson = False) -> None:
    """List the bundles that a service can find, the one that serves first."""
    from stripsight.cli import bundle_show

    with _client(target, tls) as client:
        bundle_show.bundles(client.bundles(), as_json=as_json)


def activate(
    bundle: Annotated[str, typer.Argument(help="Id of the bundle, or its first digits if they are enough.")],
    *,
    who: Who,
    why: Why,
    despite_open_lot: Despite = "",
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a bundle the one that serves, between two strips. Exit status: 0 it serves, 2 the old one still does."""
    from stripsight.cli import bundle_show

    with _client(target, tls) as client:
        whole = _whole(bundle, client)
        reply = client.activate(whole, who=who, why=why, despite_open_lot=despite_open_lot)
    bundle_show.changed(reply, as_json=as_json)


def rollback(
    *,
    who: Who,
    why: Why,
    despite_open_lot: Despite = "",
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Go back to the bundle that served before. Exit status: as of activate."""
    from stripsight.cli import bundle_show

    with _client(target, tls) as client:
        reply = client.roll_back(who=who, why=why, despite_open_lot=despite_open_lot)
    bundle_show.changed(reply, as_json=as_json)


@contextmanager
def _client(target: str, tls: TlsFolder) -> Iterator["BundleClient"]:
    """Connect; an error of the service ends the command."""
    from stripsight.client.bundles import BundleClient, ServiceError

    try:
        with BundleClient(target, tls) as client:
            yield client
    except ServiceError as error:
        end(str(error), Exit.ERROR)


def _whole(digits: str, client: "BundleClient") -> str:
    """Return the one id that begins with `digits`; without one, let the service say what is wrong."""
    ids = sorted({info.bundle_id for info in client.bundles() if digits and info.bundle_id.startswith(digits)})
    if len(ids) > 1:
        end(f"bundle {digits}: expected the first digits of one bundle, found {len(ids)}", Exit.ERROR)
    return ids[0] if ids else digits
