"""`stripsight hmi-user`: who may log in to the operator page."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stripsight.cli.ending import refused
from stripsight.errors import StripsightError

app = typer.Typer(help="Who may log in to the operator page.", no_args_is_help=True)

AuthFile = Annotated[Path, typer.Option("--auth-file", envvar="STRIPSIGHT_HMI_AUTH_FILE", help="File of the users.")]
Name = Annotated[str, typer.Argument(help="Name of the user.")]


class RoleOption(StrEnum):
    """What the user may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@app.command()
def add(name: Name, *, role: Annotated[RoleOption, typer.Option(help="What it may do.")], auth_file: AuthFile) -> None:
    """Add a user, or change one. Asks for the password, or takes the first line of standard input."""
    from stripsight.login.users import PageRole, add_user

    try:
        add_user(auth_file, name, PageRole(role), _password())
    except StripsightError as error:
        refused(error)
    typer.echo(f"{name} may log in as {role}")


@app.command()
def remove(name: Name, *, auth_file: AuthFile) -> None:
    """Remove a user. Its sessions end."""
    from stripsight.login.users import remove_user

    try:
        remove_user(auth_file, name)
    except StripsightError as error:
        refused(error)
    typer.echo(f"{name} may not log in any more")


@app.command("list")
def list_users(*, auth_file: AuthFile) -> None:
    """List the users and their roles."""
    from stripsight.login.users import read_users

    try:
        for name, user in read_users(auth_file).items():
            typer.echo(f"{name} {user.role}")
    except StripsightError as error:
        refused(error)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
