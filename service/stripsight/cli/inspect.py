"""`stripsight inspect` and `stripsight status`: asking a service that runs."""

import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli.ending import end
from stripsight.cli.options import DEFAULT_TARGET, AsJson, Target, TlsFolder
from stripsight.exits import Exit


class Style(StrEnum):
    """How heatmaps are drawn."""

    ANCHORED = "anchored"
    MINMAX = "minmax"


def inspect(
    *,
    frames: Annotated[list[Path], typer.Argument(help="PNG files, in the order of the product's frame indices.")],
    target: Target = DEFAULT_TARGET,
    tls: TlsFolder = None,
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
    from stripsight.cli import show
    from stripsight.client import Client, ServiceError, is_accept, png_message, regions_of

    try:
        with Client(target, tls) as client:
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
        end(str(error), Exit.ERROR)
    accept = is_accept(
        answer.request,
        answer.reply,
        bundle_id=status.bundle_id,
        regions=regions_of(status.product),
        elapsed_s=answer.elapsed_s,
        slot_s=status.slot_ms / 1000,
    )
    if heatmaps is not None:
        show.write_heatmaps(answer.reply.inspection, paths, heatmaps)
    show.inspection(answer, accept=accept, as_json=as_json)
    raise typer.Exit(Exit.OK if accept else Exit.REJECT)


def status(target: Target = DEFAULT_TARGET, tls: TlsFolder = None, as_json: AsJson = False) -> None:
    """Ask a service what it runs and how it is. Exit status: 0 serving, 1 not serving, 2 no answer."""
    from stripsight.cli import show
    from stripsight.client import Client, ServiceError
    from stripsight.inspection.v1.inspection_service_pb2 import READINESS_SERVING

    try:
        with Client(target, tls) as client:
            reply = client.status()
    except ServiceError as error:
        end(str(error), Exit.ERROR)
    show.status(reply, as_json=as_json)
    raise typer.Exit(Exit.OK if reply.readiness == READINESS_SERVING else Exit.REJECT)


def _matched(paths: list[Path], indices: Sequence[int]) -> dict[int, Path]:
    """Give each path its index. A name such as 15.png must not stand where frame 7 belongs."""
    if len(paths) != len(indices):
        end(
            f"expected {len(indices)} frames, with the indices {list(indices)}, found {len(paths)}",
            Exit.ERROR,
        )
    for index, path in zip(indices, paths, strict=True):
        if path.stem.isdecimal() and int(path.stem) in indices and int(path.stem) != index:
            end(f"{path}: expected frame {index} in this place, found {path.stem} by its name", Exit.ERROR)
    return dict(zip(indices, paths, strict=True))
