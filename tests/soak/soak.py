"""The long runs: `python tests/soak/soak.py kills --count 1000 --seed 1`, and so on; `table` puts them on the page.

docs/reliability.md says what each one shows. Each appends what it counted to out/soak, and can be run again.
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

TESTS = Path(__file__).resolve().parents[1]
# The server's process is started with what this one may import.
PATHS = [str(TESTS / "soak"), str(TESTS / "bench")]
sys.path[:0] = PATHS
os.environ["PYTHONPATH"] = os.pathsep.join([*PATHS, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
os.environ["STRIPSIGHT_DEVELOPMENT_MODE"] = "1"  # the bundles of soaks are signed by nobody

app = typer.Typer(help="The long runs.", no_args_is_help=True, pretty_exceptions_enable=False)

Count = Annotated[int, typer.Option(min=1, help="How many.")]
Seed = Annotated[int, typer.Option(help="What everything random follows from.")]
Out = Annotated[Path, typer.Option(help="Folder for what was counted.")]
Bundle = Annotated[Path, typer.Option(help="The bundle to serve: of the simulated product, whose strips are rendered.")]
OUT = TESTS.parent / "out" / "soak"
SHIPPED = TESTS.parent / "models" / "bundles" / "bfs-5x4"
PAGE = TESTS.parent / "docs" / "reliability.md"
# After so many a run is written down; the next ones have seeds of their own.
KILLS_A_RUN, FAULTS_A_RUN = 100, 2000


def small_bundle(folder: Path, recipe: str = "ITEM") -> Path:
    """Write one of the small bundles that the tests use."""
    tests = runpy.run_path(str(TESTS / "conftest.py"))
    return Path(tests["written"](folder / "bundle", tests[recipe]).path)


@app.command()
def kills(count: Count = 1000, seed: Seed = 1, out: Out = OUT) -> None:
    """Kill servers under load, and hold what their clients received against the record."""
    from stripfaults import kills, shim, tally

    from stripsight.bundle import load

    with TemporaryDirectory() as folder:
        library, bundle = shim.built(Path(folder)), load(small_bundle(Path(folder)))
        for done in range(0, count, KILLS_A_RUN):
            mine = seed + done // KILLS_A_RUN
            counts = kills.killed(bundle, library, min(KILLS_A_RUN, count - done), mine)
            typer.echo(tally.add(out, "kills", mine, dict(counts))["counts"])


@app.command()
def faults(count: Count = 100_000, seed: Seed = 1, out: Out = OUT) -> None:
    """Fail calls, engines, clocks and frames by a seed; then each call of the record in turn."""
    from stripfaults import shim, tally

    with TemporaryDirectory() as folder:
        environment = os.environ | shim.environment(shim.built(Path(folder)), Path(folder))
        command = [sys.executable, "-m", "stripfaults.seeded", "--bundle", str(small_bundle(Path(folder)))]

        def ran(*options: object) -> dict[str, dict[str, int]]:
            ended = subprocess.run(
                [*command, *map(str, options)], env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
            return dict(json.loads(ended.stdout))

        for done in range(0, count, FAULTS_A_RUN):
            mine = seed + done // FAULTS_A_RUN
            found = ran("--count", min(FAULTS_A_RUN, count - done), "--seed", mine)
            seams = {f"at {seam}": times for seam, times in found["struck"].items()}
            counts = {
                "faults": sum(seams.values()),
                "lives": found["lives"],
                "accepts": found["answers"]["ACCEPT"],
                **seams,
            }
            typer.echo(tally.add(out, "faults", mine, counts)["counts"])
        for call in ("open", "write", "sync"):
            typer.echo(f"each of {ran('--every', call)['calls']} calls of the kind {call} has failed")


@app.command()
def flips(count: Count = 10_000, seed: Seed = 1, out: Out = OUT) -> None:
    """Flip single bits of frames of every format."""
    from stripfaults import flips, tally

    from stripsight.bundle import load

    with TemporaryDirectory() as folder:
        bundle = load(small_bundle(Path(folder), "STRIP"))
        typer.echo(tally.add(out, "flips", seed, dict(flips.flipped(bundle, count, seed)))["counts"])


@app.command()
def flat(count: Count = 10_000, seed: Seed = 1, out: Out = OUT) -> None:
    """Send strips back to back and look whether anything rises."""
    from stripfaults import flat, tally

    with TemporaryDirectory() as folder:
        slopes, verdicts = flat.flat(small_bundle(Path(folder), "STRIP"), count, seed)
        run = tally.add(out, "flat", seed, {"strips": count, "slopes": slopes, "verdicts": dict(verdicts)})
        typer.echo(json.dumps(run["counts"], indent=1))


@app.command()
def overload(
    count: Count = 200,
    times: Annotated[float, typer.Option(min=1, help="Times the rate that the lane can take.")] = 4,
    waiting: Annotated[int, typer.Option(min=0, help="Strips that may wait; those take longer.")] = 0,
    out: Out = OUT,
    bundle: Bundle = SHIPPED,
) -> None:
    """Offer several times as many strips as the lane can take."""
    from stripfaults import overload, tally

    os.environ["STRIPSIGHT_WAITING"] = str(waiting)
    found = overload.overloaded(bundle, count, times)
    typer.echo(json.dumps(tally.add(out, "overload", 0, found)["counts"], indent=1))


@app.command()
def table(out: Out = OUT, page: Annotated[Path, typer.Option(help="The page.")] = PAGE) -> None:
    """Put what was counted into docs/reliability.md."""
    from stripfaults import page as pages
    from stripfaults import tally

    page.write_text(pages.replaced(page.read_text(), {part: tally.read(out, part) for part in pages.WHAT}))


if __name__ == "__main__":
    app()
