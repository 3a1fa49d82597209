"""The lab's command line: `python -m stripsight_lab`. Each step takes an experiment file and can be repeated."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Acquire, train and ship bundles.", pretty_exceptions_enable=False)

ExperimentFile = Annotated[Path, typer.Argument(help="An experiment under models/experiments/.", exists=True)]


@app.command()
def acquire(file: ExperimentFile) -> None:
    """Render good strips and cut them into training patches."""
    from stripsight_lab.acquire import acquire as run
    from stripsight_lab.experiment import load_experiment

    experiment = load_experiment(file)
    run(experiment.load_recipe(), experiment.work, experiment.acquire)


@app.command()
def train(file: ExperimentFile) -> None:
    """Fit the linear part and train the refiner; continues a training that was stopped."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.train_refiner import train as run

    experiment = load_experiment(file)
    run(experiment.work, experiment.work, experiment.train)


@app.command()
def ship(
    file: ExperimentFile,
    out: Annotated[Path, typer.Option(help="The new bundle's directory; must not exist.")],
) -> None:
    """Export the trained generator, tune it, test it and write the bundle."""
    from stripsight_lab.experiment import load_experiment
    from stripsight_lab.ship import ship as run

    run(load_experiment(file), file, out)
