"""`stripsight serve`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from stripsight.cli.ending import end, explained, leave, refused
from stripsight.cli.options import Provider
from stripsight.errors import StripsightError
from stripsight.exits import Exit


class LogFormat(StrEnum):
    """How log lines are written."""

    JSON = "json"
    CONSOLE = "console"


def serve(
    *,
    bundle: Annotated[Path | None, typer.Option(help="Directory of the bundle to serve.")] = None,
    bundles: Annotated[
        Path | None, typer.Option(help="Folder of bundles that may take its place while the line runs.")
    ] = None,
    bundle_keys: Annotated[
        Path | None, typer.Option(help="Public key that must have signed the bundle, or a folder of *.pub.")
    ] = None,
    development: Annotated[
        bool | None,
        typer.Option("--development", help="Serve bundles that no trusted key has signed; never on a real line."),
    ] = None,
    listen: Annotated[str | None, typer.Option(help="Address of the API, host:port [127.0.0.1:50051].")] = None,
    metrics_listen: Annotated[str | None, typer.Option(help="Address of the metrics [127.0.0.1:9464].")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate of the service, PEM [no TLS].")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Key of the certificate, PEM.")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option(help="CA of those who may call, PEM.")] = None,
    allow_plaintext: Annotated[
        bool | None, typer.Option("--allow-plaintext", help="Listen beyond this machine without TLS, for anybody.")
    ] = None,
    provider: Annotated[
        Provider | None, typer.Option(help="What to compute on; the CPU only where it is named [cuda].")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads of one inference, 0 for all [0].")] = None,
    waiting: Annotated[int | None, typer.Option(help="Strips that may wait while one is inspected [1].")] = None,
    slot_ms: Annotated[int | None, typer.Option(help="Longest time to an answer [the recipe's slot].")] = None,
    stream_idle_ms: Annotated[
        int | None, typer.Option(help="Longest wait for a further frame of a streamed strip [5000].")
    ] = None,
    viewers: Annotated[int | None, typer.Option(help="How many may view inspections at once [32].")] = None,
    record_dir: Annotated[
        Path | None, typer.Option(help="Directory of the record [/var/lib/stripsight/records].")
    ] = None,
    record_to: Annotated[
        str | None, typer.Option(help="Database for a copy of the record, e.g. postgresql+psycopg://user@host/name.")
    ] = None,
    picture_sample: Annotated[
        float | None, typer.Option(help="Share of the accepted strips whose frames are kept as pictures [0.01].")
    ] = None,
    picture_days: Annotated[float | None, typer.Option(help="How long a picture is kept [30].")] = None,
    picture_bytes: Annotated[
        int | None, typer.Option(help="How much all pictures may take, 0 for none [20000000000].")
    ] = None,
    disk_floor_bytes: Annotated[
        int | None, typer.Option(help="Free space below which strips are refused; pictures stop at twice [250000000].")
    ] = None,
    require_lot: Annotated[
        bool | None, typer.Option("--require-lot", help="Inspect strips of an open lot only [no].")
    ] = None,
    challenge_strips: Annotated[
        int | None, typer.Option(help="Strips of a lot between two challenges, 0 for any number [0].")
    ] = None,
    challenge_minutes: Annotated[
        float | None, typer.Option(help="Minutes between two challenges of a lot, 0 for any time [60].")
    ] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="How log lines are written [json].")] = None,
) -> None:
    """Serve a bundle. Each option can also be set as STRIPSIGHT_<NAME> in the environment."""
    # gRPC writes to standard error on its own, in a format of its own, what is said here in plain words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from pydantic import ValidationError

    from stripsight import logs
    from stripsight.memory import keep_freed_memory
    from stripsight.rpc.listen import AddressTaken
    from stripsight.rpc.server import Server
    from stripsight.settings import Settings

    options: dict[str, Any] = {
        "bundle": bundle,
        "bundles": bundles,
        "bundle_keys": bundle_keys,
        "development_mode": development,
        "listen": listen,
        "metrics_listen": metrics_listen,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "tls_client_ca": tls_client_ca,
        "allow_plaintext": allow_plaintext,
        "provider": provider,
        "threads": threads,
        "waiting": waiting,
        "slot_ms": slot_ms,
        "stream_idle_ms": stream_idle_ms,
        "viewers": viewers,
        "record_dir": record_dir,
        "record_to": record_to,
        "picture_sample": picture_sample,
        "picture_days": picture_days,
        "picture_bytes": picture_bytes,
        "disk_floor_bytes": disk_floor_bytes,
        "require_lot": require_lot,
        "challenge_strips": challenge_strips,
        "challenge_minutes": challenge_minutes,
        "log_format": log_format,
    }
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        end(explained(error), Exit.ERROR)
    logs.set_up(settings.log_format)
    keep_freed_memory()
    try:
        ended = Server(settings).run()
    except AddressTaken as error:
        end(error.message, Exit.ADDRESS)
    except StripsightError as error:
        refused(error)
    leave(ended)
