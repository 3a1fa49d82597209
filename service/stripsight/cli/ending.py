"""How commands end: with a sentence on standard error and a status that says which kind of end it was."""

import os
import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from stripsight.errors import BundleError, EngineError, ProviderError, RecipeError, RecordError, StripsightError
from stripsight.exits import Exit

if TYPE_CHECKING:
    from pydantic import ValidationError

_EXITS: dict[type[StripsightError], Exit] = {
    BundleError: Exit.BUNDLE,
    RecipeError: Exit.BUNDLE,
    ProviderError: Exit.PROVIDER,
    EngineError: Exit.ENGINE,
    RecordError: Exit.RECORD,
}


def end(message: str, code: Exit) -> NoReturn:
    """Say why on standard error and leave with `code`."""
    typer.echo(f"stripsight: {message}", err=True)
    raise typer.Exit(code)


def refused(error: StripsightError) -> NoReturn:
    """End with what was refused, and the status of its kind."""
    code = next((_EXITS[base] for base in type(error).__mro__ if base in _EXITS), Exit.ERROR)
    end(f"{error.reason}: {error.message}", code)


def explained(error: "ValidationError") -> str:
    """Return the first thing that is wrong with the settings, and how to set it."""
    first = error.errors(include_url=False)[0]
    name = "_".join(str(part) for part in first["loc"])
    if not name:  # settings that do not go together
        return f"settings: {first['msg']}"
    return f"setting {name} (STRIPSIGHT_{name.upper()}): {first['msg']}"


def leave(ended: Exit) -> NoReturn:
    """End the process that served."""
    if ended in (Exit.STUCK, Exit.RECORD):
        # A thread is still inside the engine or the disk; an ordinary exit could wait for it, or crash in it.
        sys.stdout.flush()
        os._exit(ended)
    raise SystemExit(ended)
