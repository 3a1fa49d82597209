"""The command line: serve, inspect, status, bundle, records. Heavy modules load where a command needs them."""

import os
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from stripsight.errors import BundleError, EngineError, ProviderError, RecipeError, RecordError, StripsightError
from stripsight.exits import Exit
from stripsight.records_cli import app as records_app

if TYPE_CHECKING:
    from pydantic import ValidationError

app = typer.Typer(
    name="stripsight",
    help="Inspects strips of blow-fill-seal vials and answers accept or reject, with the reason.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bundle_app = typer.Typer(help="Look at a bundle, or check it.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")
app.add_typer(records_app, name="records")

_EXITS: dict[type[StripsightError], Exit] = {
    BundleError: Exit.BUNDLE,
    RecipeError: Exit.BUNDLE,
    ProviderError: Exit.PROVIDER,
    EngineError: Exit.ENGINE,
    RecordError: Exit.RECORD,
}


class Provider(StrEnum):
    """What to compute on."""

    CPU = "cpu"
    CUDA = "cuda"
    CUDA_OR_CPU = "cuda-or-cpu"


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    CONSOLE = "console"


class Style(StrEnum):
    """How heatmaps are drawn."""

    ANCHORED = "anchored"
    MINMAX = "minmax"


Target = Annotated[str, typer.Option(help="The service, host:port.", envvar="STRIPSIGHT_TARGET")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
BundlePath = Annotated[Path, typer.Argument(help="Directory of the bundle.")]


@app.command()
def serve(
    *,
    bundle: Annotated[Path | None, typer.Option(help="Directory of the bundle to serve.")] = None,
    listen: Annotated[str | None, typer.Option(help="Address of the API, host:port [127.0.0.1:50051].")] = None,
    metrics_listen: Annotated[str | None, typer.Option(help="Address of the metrics [127.0.0.1:9464].")] = None,
    provider: Annotated[
        Provider | None, typer.Option(help="What to compute on; the CPU only where it is named [cuda].")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads of one inference, 0 for all [0].")] = None,
    waiting: Annotated[int | None, typer.Option(help="Strips that may wait while one is inspected [1].")] = None,
    slot_ms: Annotated[int | None, typer.Option(help="Longest time to an answer [the recipe's slot].")] = None,
    stream_idle_ms: Annotated[
        int | None, typer.Option(help="Longest wait for a further frame of a streamed strip [5000].")
    ] = None,
    record_dir: Annotated[
        Path | None, typer.Option(help="Directory of the record [/var/lib/stripsight/records].")
    ] = None,
    record_to: Annotated[
        str | None, typer.Option(help="Database for a copy of the record, e.g. postgresql+psycopg://user@host/name.")
    ] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="How log lines are written [json].")] = None,
) -> None:
    """Serve a bundle. Each option can also be set as STRIPSIGHT_<NAME> in the environment."""
    # gRPC writes to standard error on its own, in a format of its own, what is said here in plain words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from pydantic import ValidationError

    from stripsight import logs
    from stripsight.rpc.listen import AddressTaken
    from stripsight.rpc.server import Server
    from stripsight.settings import Settings

    options: dict[str, Any] = {
        "bundle": bundle,
        "listen": listen,
        "metrics_listen": metrics_listen,
        "provider": provider,
        "threads": threads,
        "waiting": waiting,
        "slot_ms": slot_ms,
        "stream_idle_ms": stream_idle_ms,
        "record_dir": record_dir,
        "record_to": record_to,
        "log_format": log_format,
    }
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        _end(_explained(error), Exit.ERROR)
    logs.set_up(settings.log_format)
    try:
        ended = Server(settings).run()
    except AddressTaken as error:
        _end(error.message, Exit.ADDRESS)
    except StripsightError as error:
        _refused(error)
    leave(ended)


@app.command()
def inspect(
    *,
    frames: Annotated[list[Path], typer.Argument(help="PNG files, in the order of the product's frame indices.")],
    target: Target = "127.0.0.1:50051",
    strip_id: Annotated[str, typer.Option(help="Id of the strip.")] = "by-hand",
    lot_id: Annotated[str, typer.Option(help="Id of the lot.")] = "by-hand",
    strip_seq: Annotated[
        int | None, typer.Option(help="Number of the strip in the lot [the time in ms: another strip each time].")
    ] = None,
    product: Annotated[str, typer.Option(help="Product on the machine [the one the service has].")] = "",
    heatmaps: Annotated[Path | None, typer.Option(help="Folder for heatmaps of rejected patches.")] = None,
    style: Annotated[Style, typer.Option(help="How heatmaps are drawn.")] = Style.ANCHORED,
    as_json: AsJson = False,
) -> None:
    """Have one strip judged by a running service. Exit status: 0 accept, 1 reject, 2 no answer."""
    from stripsight import show
    from stripsight.client import Client, ServiceError, is_accept, png_message, regions_of

    try:
        with Client(target) as client:
            status = client.status()
            paths = _matched(frames, status.product.frame_indices)
            answer = client.inspect(
                [png_message(index, path.read_bytes()) for index, path in paths.items()],
                strip_id=strip_id,
                lot_id=lot_id,
                strip_seq=strip_seq or time.time_ns() // 1_000_000,
                product=product or status.product.name,
                heatmaps="none" if heatmaps is None else "rejected",
                style=style.value,
                timeout_s=status.slot_ms / 1000,
            )
    except (ServiceError, OSError, ValueError) as error:
        _end(str(error), Exit.ERROR)
    accept = is_accept(
        answer.request,
        answer.reply,
        bundle_id=status.bundle_id,
        regions=regions_of(status.product),
        elapsed_s=answer.elapsed_s,
        slot_s=status.slot_ms / 1000,
    )
    if heatmaps is not None:
        show.write_heatmaps(answer.reply.inspection, heatmaps)
    show.inspection(answer, accept=accept, as_json=as_json)
    raise typer.Exit(Exit.OK if accept else Exit.REJECT)


@app.command()
def status(target: Target = "127.0.0.1:50051", as_json: AsJson = False) -> None:
    """Ask a service what it runs and how it is. Exit status: 0 serving, 1 not serving, 2 no answer."""
    from stripsight import show
    from stripsight.client import Client, ServiceError
    from stripsight.inspection.v1.inspection_service_pb2 import READINESS_SERVING

    try:
        with Client(target) as client:
            reply = client.status()
    except ServiceError as error:
        _end(str(error), Exit.ERROR)
    show.status(reply, as_json=as_json)
    raise typer.Exit(Exit.OK if reply.readiness == READINESS_SERVING else Exit.REJECT)


@bundle_app.command("show")
def bundle_show(path: BundlePath) -> None:
    """Check a bundle's files and print what it inspects, its thresholds and where it comes from."""
    from stripsight import show
    from stripsight.bundle import load

    try:
        show.bundle(load(path))
    except StripsightError as error:
        _refused(error)


@bundle_app.command("verify")
def bundle_verify(
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
        _refused(error)
    strips = len(bundle.challenge)
    typer.echo(f"bundle {bundle.bundle_id} is good: {strips} challenge strips passed on {engine.provider}")


def _matched(paths: list[Path], indices: Sequence[int]) -> dict[int, Path]:
    """Give each path its index. A name such as 15.png must not stand where frame 7 belongs."""
    if len(paths) != len(indices):
        _end(
            f"expected {len(indices)} frames, with the indices {list(indices)}, found {len(paths)}",
            Exit.ERROR,
        )
    for index, path in zip(indices, paths, strict=True):
        if path.stem.isdecimal() and int(path.stem) in indices and int(path.stem) != index:
            _end(f"{path}: expected frame {index} in this place, found {path.stem} by its name", Exit.ERROR)
    return dict(zip(indices, paths, strict=True))


def main() -> None:
    """Run the command line."""
    app()


def leave(ended: Exit) -> NoReturn:
    """End the process that served."""
    if ended in (Exit.STUCK, Exit.RECORD):
        # A thread is still inside the engine or the disk; an ordinary exit could wait for it, or crash in it.
        sys.stdout.flush()
        os._exit(ended)
    raise SystemExit(ended)


def _refused(error: StripsightError) -> NoReturn:
    code = next((_EXITS[base] for base in type(error).__mro__ if base in _EXITS), Exit.ERROR)
    _end(f"{error.reason}: {error.message}", code)


def _end(message: str, code: Exit) -> NoReturn:
    typer.echo(f"stripsight: {message}", err=True)
    raise typer.Exit(code)


def _explained(error: "ValidationError") -> str:
    first = error.errors(include_url=False)[0]
    name = "_".join(str(part) for part in first["loc"])
    return f"setting {name} (STRIPSIGHT_{name.upper()}): {first['msg']}"
