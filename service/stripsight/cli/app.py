"""The command line. Heavy modules load where a command needs them."""

import typer

from stripsight.cli import bundle, certs, hmi, hmi_user, inspect, lot, records, replay, serve, watch

app = typer.Typer(
    name="stripsight",
    help="Inspects strips of blow-fill-seal vials and answers accept or reject, with the reason.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # what stands in brackets is a default and not a style
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(inspect.inspect)
app.command()(inspect.status)
app.command()(watch.watch)
app.command()(replay.replay)
app.command()(hmi.hmi)
app.add_typer(bundle.app, name="bundle")
app.add_typer(certs.app, name="certs")
app.add_typer(hmi_user.app, name="hmi-user")
app.add_typer(lot.app, name="lot")
app.add_typer(records.app, name="records")


def main() -> None:
    """Run the command line."""
    app()
