"""Coverage-guided fuzzing with atheris: `python tests/soak/fuzz.py run --seconds 60`, or `one <target>`.

The targets are those of tests/faults/test_parsers.py. What makes one fail is left in out/fuzz and belongs there, as a
case of its own.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from soak import OUT, small_bundle

app = typer.Typer(help="Fuzzing.", no_args_is_help=True, pretty_exceptions_enable=False)
Seconds = Annotated[int, typer.Option(min=1, help="How long each target is tried.")]
Folder = Annotated[Path, typer.Option(help="Folder for what was found and for what leads there.")]
FUZZ = OUT.parent / "fuzz"


@app.command()
def run(seconds: Seconds = 60, out: Folder = FUZZ) -> None:
    """Try every target; exit with 1 when one failed."""
    from stripfaults import files, wire

    from stripsight.bundle import load

    with TemporaryDirectory() as folder:
        bundle = load(small_bundle(Path(folder)))
        names = sorted(wire.targets(bundle) | files.targets(bundle))
    failed = []
    for name in names:
        command = [sys.executable, __file__, "one", name, "--seconds", str(seconds), "--out", str(out)]
        ended = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        done = [line for line in ended.stderr.splitlines() if line.startswith("Done ")]
        typer.echo(f"{name}: {'failed' if ended.returncode else ', '.join(done)}")
        if ended.returncode:
            typer.echo(ended.stderr[-3000:])
            failed.append(name)
    raise typer.Exit(bool(failed))


@app.command()
def one(name: str, seconds: Seconds = 60, out: Folder = FUZZ) -> None:
    """Try one target."""
    import atheris

    with atheris.instrument_imports(include=["stripsight", "tomllib", "json"]):
        from stripfaults import files, wire

        from stripsight.bundle import load
    corpus = out / name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        bundle = load(small_bundle(Path(folder)))
        target = (wire.targets(bundle) | files.targets(bundle))[name]
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-artifact_prefix={corpus}-",
            "-max_len=200000",
            "-print_final_stats=1",
        ]
        atheris.Setup([name, *options, str(corpus)], target.run)
        atheris.Fuzz()


if __name__ == "__main__":
    app()
