"""How values are printed: rows for people, JSON for programs."""

import json
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

console = Console(highlight=False)


def print_rows(rows: dict[str, str]) -> None:
    """Print names and values, one pair a line."""
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # an id is of use only whole
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)


def print_json(value: dict[str, Any]) -> None:
    """Print JSON."""
    print(json.dumps(value, indent=2))


def as_dict(message: Message) -> dict[str, Any]:
    """Return a message as JSON would have it, fields that are not set included."""
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def word(enum: EnumDescriptor, number: int) -> str:
    """Return a value's name without the enum's own, or the number of one that this client does not know."""
    value = enum.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix(enum.values[0].name.removesuffix("UNSPECIFIED"))
