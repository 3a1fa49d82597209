"""`stripsight bundle`: look at a bundle, or check it."""

from typing import Annotated

import typer

from stripsight.cli.ending import refused
from stripsight.cli.options import BundlePath, Provider
from stripsight.errors import StripsightError

app = typer.Typer(help="Look at a bundle, or check it.", no_args_is_help=True)


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
) -> None:
    """Check a bundle's files and graph, and run its challenge set on the provider."""
    from stripsight.bundle import load
    from stripsight.start import challenge, start_engine

    try:
        bundle = load(path)
        engine = start_engine(bundle, provider=provider.value, threads=threads)
        challenge(engine, bundle)
    except StripsightError as error:
        refused(error)
    strips = len(bundle.challenge)
    typer.echo(f"bundle {bundle.bundle_id} is good: {strips} challenge strips passed on {engine.provider}")
