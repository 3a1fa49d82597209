"""`python -m stripsight_lab.demo`: the real server, a simulated machine, and a live view of both."""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer


def main(
    *,
    bundle: Annotated[Path, typer.Option(help="The bundle to serve.")] = Path("models/bundles/bfs-5x4"),
    strips: Annotated[int, typer.Option(min=1, help="How many strips; one in three is defective.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Which strips: the same seed, the same pictures.")] = 1,
    cadence_ms: Annotated[int, typer.Option(min=1, help="Time from one strip to the next.")] = 500,
    acquisition_ms: Annotated[
        int, typer.Option(min=0, help="Time over which a strip's frames are taken and sent one by one; 0: at once.")
    ] = 0,
    provider: Annotated[str, typer.Option(help="What the server computes on.")] = "cuda-or-cpu",
    slot_ms: Annotated[int | None, typer.Option(min=1, help="Time to an answer [the product's].")] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for results, log and picture; frames wait there too, 6 MB a strip.")
    ] = Path("out/demo"),
    page: Annotated[str, typer.Option(help="Address of the operator page, host:port [no page].")] = "",
    picture: Annotated[Path | None, typer.Option(help="The picture's file [rejected.png in --out].")] = None,
) -> None:
    """Serve a bundle for real and inspect simulated strips at the line's cadence.

    Exit status: 0 every strip has its result (right or wrong), 1 the server died or a strip has none.
    """
    from stripsight_lab.demo.show import Show

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without these signs gets question marks
    show = Show(
        bundle=bundle,
        strips=strips,
        seed=seed,
        cadence_ms=cadence_ms,
        acquisition_ms=acquisition_ms,
        server_options=("--provider", provider, *(("--slot-ms", str(slot_ms)) if slot_ms else ())),
        out=out,
        page=page,
        picture=picture or out / "rejected.png",
    )
    raise typer.Exit(show.run())


if __name__ == "__main__":
    typer.run(main)
