"""`stripsight bundle`: look at a bundle, check it, sign it; change the one that a service judges by."""

from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli import bundle_change
from stripsight.cli.ending import end, refused
from stripsight.cli.options import BundleKeys, BundlePath, Provider
from stripsight.errors import StripsightError
from stripsight.exits import Exit

app = typer.Typer(help="Look at a bundle, check it, sign it; change the one that judges.", no_args_is_help=True)

SigningKey = Annotated[
    Path, typer.Option("--key", envvar="STRIPSIGHT_SIGNING_KEY", help="File of the private key that signs.")
]


@app.command("show")
def show(path: BundlePath) -> None:
    """Check a bundle's files and print what it inspects, its thresholds and where it comes from."""
    from stripsight.bundle import load
    from stripsight.cli.show import bundle as show_bundle

    try:
        show_bundle(load(path))
    except StripsightError as error:
        refused(error)


@app.command("verify")
def verify(
    path: BundlePath,
    provider: Annotated[
        Provider, typer.Option(envvar="STRIPSIGHT_PROVIDER", help="What to compute on.")
    ] = Provider.CUDA,
    threads: Annotated[int, typer.Option(envvar="STRIPSIGHT_THREADS", help="CPU threads, 0 for all.")] = 0,
    keys: BundleKeys = None,
) -> None:
    """Check a bundle's files and graph, run its challenge set on the provider; with keys, check its signature first."""
    from stripsight.bundle import Trust, load
    from stripsight.start import challenge, start_engine

    try:
        bundle = load(path, Trust.of(keys) if keys else None)
        engine = start_engine(bundle, provider=provider.value, threads=threads)
        challenge(engine, bundle)
    except StripsightError as error:
        refused(error)
    signed = "signed by a trusted key" if keys else "signature not looked at without a key"
    strips = len(bundle.challenge)
    typer.echo(f"bundle {bundle.bundle_id}: {signed}")
    typer.echo(f"bundle {bundle.bundle_id} is good: {strips} challenge strips passed on {engine.provider}")


@app.command("keygen")
def keygen(private: Annotated[Path, typer.Argument(help="File for the private key; the public one is *.pub.")]) -> None:
    """Make a pair of keys: PRIVATE, which signs and which only you may read, and beside it the *.pub to trust."""
    from stripsight.bundle import make_keys

    public = private.with_suffix(".pub")
    if public == private:
        end(f"{private}: expected another name for the private key, found that of a public one", Exit.ERROR)
    try:
        make_keys(private, public)
    except OSError as error:
        end(f"{private}, {public}: expected free places in a folder, found: {error}", Exit.ERROR)
    typer.echo(f"{private} signs, and never leaves those who may release; {public} is for whoever checks")


@app.command("sign")
def sign(path: BundlePath, key: SigningKey) -> None:
    """Check a bundle's files and sign it, in the place of a signature that is there."""
    from stripsight.bundle import load
    from stripsight.bundle import sign as sign_bundle

    try:
        bundle = load(path)
        sign_bundle(bundle.path, key)
    except StripsightError as error:
        refused(error)
    typer.echo(f"bundle {bundle.bundle_id} is signed")


app.command("list")(bundle_change.list_bundles)
app.command("activate")(bundle_change.activate)
app.command("rollback")(bundle_change.rollback)
