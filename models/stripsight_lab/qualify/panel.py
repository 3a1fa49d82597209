"""Manual results: a CSV file, and what it adds up to.

    unit_id,inspector,inspection,rejected[,origin]
    K202-0001,A. Smith,1,0

One line an inspection. `unit_id` is a unit of the test kit; `inspector` any name; `inspection` counts from 1 for each
inspector and unit; `rejected` is 1 or 0; `origin` is `people`, which is also what its absence means, or `simulated`.
One simulated line makes the whole panel a simulated one, and so does an inspector's name that begins with `simulated`:
the label cannot be lost with a column. Lines that begin with # and empty lines do not count. UTF-8.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stripsight_lab.qualify.inspections import Inspections

COLUMNS = ("unit_id", "inspector", "inspection", "rejected")
ORIGIN = "origin"
PEOPLE, SIMULATED = "people", "simulated"


@dataclass(frozen=True)
class Mark:
    """One inspection of one unit by one inspector."""

    unit_id: str
    inspector: str
    inspection: int
    rejected: bool
    origin: str = PEOPLE

    @property
    def simulated(self) -> bool:
        """Whether no person stands behind it."""
        return self.origin == SIMULATED or self.inspector.casefold().startswith(SIMULATED)


@dataclass(frozen=True, eq=False)
class Panel:
    """All manual results of a kit. `digest` is the sha256 (hex) of the file that they were read from."""

    inspections: Inspections
    inspectors: tuple[str, ...]
    simulated: bool
    digest: str

    @property
    def label(self) -> str:
        """What must stand wherever a figure of this panel does; "" for people."""
        return "SIMULATED INSPECTORS: NO PERSON LOOKED AT THESE UNITS" if self.simulated else ""


def read_panel(path: Path) -> Panel:
    """Read manual results. ValueError names the file, the line, what was expected and what was found."""
    data = path.read_bytes()
    marks = list(_marks(data, path.name))
    if not marks:
        raise ValueError(f"{path.name}: expected at least one inspection, found none")
    inspected, rejected = Counter[str](), Counter[str]()
    for mark in marks:
        inspected[mark.unit_id] += 1
        rejected[mark.unit_id] += mark.rejected
    units = tuple(inspected)
    counts = [np.array([counter[unit] for unit in units], np.int64) for counter in (rejected, inspected)]
    return Panel(
        inspections=Inspections(units, *counts),
        inspectors=tuple(dict.fromkeys(mark.inspector for mark in marks)),
        simulated=any(mark.simulated for mark in marks),
        digest=hashlib.sha256(data).hexdigest(),
    )


def write_panel(path: Path, marks: Sequence[Mark]) -> None:
    """Write results as `read_panel` reads them, the origin in each line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow((*COLUMNS, ORIGIN))
        rows.writerows((m.unit_id, m.inspector, m.inspection, int(m.rejected), m.origin) for m in marks)


def _marks(data: bytes, name: str) -> Iterator[Mark]:
    """The marks of a file, each checked; a repeated inspection is refused."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: expected UTF-8, found {error.reason} at byte {error.start}") from None
    kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not kept:
        return
    header = _cells(kept[0][1])
    if tuple(header) not in (COLUMNS, (*COLUMNS, ORIGIN)):
        expected = ",".join(COLUMNS) + f"[,{ORIGIN}]"
        raise ValueError(f"{name} line {kept[0][0]}: expected the columns {expected}, found {','.join(header)}")
    seen: dict[tuple[str, str, int], int] = {}
    for number, line in kept[1:]:
        mark = _mark(_cells(line), len(header), f"{name} line {number}")
        first = seen.setdefault((mark.unit_id, mark.inspector, mark.inspection), number)
        if first != number:
            what = f"inspection {mark.inspection} of {mark.unit_id} by {mark.inspector}"
            raise ValueError(f"{name} line {number}: expected each inspection once, found {what} also in line {first}")
        yield mark


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line]))]


def _mark(cells: Sequence[str], columns: int, where: str) -> Mark:
    if len(cells) != columns:
        raise ValueError(f"{where}: expected {columns} values, found {len(cells)}")
    unit_id, inspector, inspection, rejected = cells[: len(COLUMNS)]
    origin = (cells[len(COLUMNS)] if columns > len(COLUMNS) else PEOPLE) or PEOPLE
    for column, value in (("unit_id", unit_id), ("inspector", inspector)):
        if not value:
            raise ValueError(f"{where}: {column}: expected a name, found nothing")
    if not (inspection.isascii() and inspection.isdigit() and int(inspection)):
        raise ValueError(f"{where}: inspection: expected a whole number from 1, found {inspection!r}")
    if rejected not in ("0", "1"):
        raise ValueError(f"{where}: rejected: expected 0 or 1, found {rejected!r}")
    if origin not in (PEOPLE, SIMULATED):
        raise ValueError(f"{where}: {ORIGIN}: expected {PEOPLE} or {SIMULATED}, found {origin!r}")
    return Mark(unit_id, inspector, int(inspection), rejected == "1", origin)
