"""The lab's command line. Each step takes an experiment file, goes on where it was stopped, and can be repeated."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="From products to a qualified bundle: acquire, train, export, tune, evaluate, qualify, ship, in this order.",
    pretty_exceptions_enable=False,
)

ExperimentFile = Annotated[Path, typer.Argument(help="An experiment under models/experiments/.", exists=True)]


@app.command()
def acquire(file: ExperimentFile) -> None:
    """Acquire good products and cut them into training patches."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.prepare import acquire as run

    run(load_experiment(file))


@app.command()
def train(file: ExperimentFile) -> None:
    """Train; continues a training that was stopped. Under torchrun, a GAN trains on several GPUs."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.prepare import train as run

    run(load_experiment(file))


@app.command()
def export(file: ExperimentFile) -> None:
    """Write the inspection graph, score included, and compare it with the network."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.prepare import export as run

    run(load_experiment(file))


@app.command()
def tune(file: ExperimentFile) -> None:
    """Choose thresholds on the tuning kit; print them and what others would cost."""
    from rich.console import Console

    from stripsight_lab.evaluate.layout import Fitted
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.judge import tune_step

    for table in tune_step(load_experiment(file)):
        Console().print(Fitted(table))


@app.command()
def evaluate(file: ExperimentFile) -> None:
    """Test on a kit that nothing has seen; print the paper's tables."""
    from rich.console import Console

    from stripsight_lab.evaluate.layout import Fitted
    from stripsight_lab.evaluate.tables import kinds_table, patches_table, runs_table, severities_table, strips_table
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.judge import evaluate_step

    found = evaluate_step(load_experiment(file))
    tables = (patches_table(next(iter(found.values()))), *(make(found) for make in (strips_table, runs_table)))
    for table in (*tables, kinds_table(found), severities_table(found)):
        Console().print(Fitted(table))


@app.command()
def qualify(file: ExperimentFile) -> None:
    """Write the qualification report: one HTML file, and its data as JSON."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.qualify import qualify_step

    print(qualify_step(load_experiment(file)))


@app.command()
def ablate(
    file: ExperimentFile,
    units: Annotated[int | None, typer.Option(help="Only the first of the tuning kit's units.")] = None,
) -> None:
    """Score the tuning kit in every way that was tried, and print the table."""
    from rich.console import Console

    from stripsight_lab.evaluate.layout import Fitted
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.ablate import ablate_step

    Console().print(Fitted(ablate_step(load_experiment(file), units)))


@app.command()
def ship(
    file: ExperimentFile,
    out: Annotated[Path, typer.Option(help="The new bundle's directory; must not exist.")],
    key: Annotated[
        Path | None, typer.Option(envvar="STRIPSIGHT_SIGNING_KEY", help="Private key that signs it [not signed].")
    ] = None,
) -> None:
    """Write the bundle, and sign it when a key is given."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.pipeline.ship import ship as run

    print(run(load_experiment(file), file, out, key).bundle_id)


def main() -> None:
    """Run a command; a wrong experiment or a step that is missing is told in one line."""
    try:
        app(prog_name="stripsight-lab")
    except ValueError as error:
        raise SystemExit(f"stripsight-lab: {error}") from error
