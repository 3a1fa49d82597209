"""Options that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Provider(StrEnum):
    """What to compute on."""

    CPU = "cpu"
    CUDA = "cuda"
    CUDA_OR_CPU = "cuda-or-cpu"
    TENSORRT = "tensorrt"


Target = Annotated[str, typer.Option(help="The service, host:port.", envvar="STRIPSIGHT_TARGET")]
TlsFolder = Annotated[
    Path | None,
    typer.Option("--tls", envvar="STRIPSIGHT_TLS", help="Folder with ca.crt, tls.crt, tls.key [no TLS]."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
BundlePath = Annotated[Path, typer.Argument(help="Directory of the bundle.")]
BundleKeys = Annotated[
    Path | None,
    typer.Option("--key", envvar="STRIPSIGHT_BUNDLE_KEYS", help="Public key that must have signed it, or a folder of."),
]
RecordDir = Annotated[Path, typer.Option(envvar="STRIPSIGHT_RECORD_DIR", help="Directory of the record.")]

DEFAULT_TARGET = "127.0.0.1:50051"
DEFAULT_RECORD_DIR = Path("/var/lib/stripsight/records")
