"""The soak's tables in docs/reliability.md, between two marks. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from stripfaults.tally import Run, total

BEGIN, END = "<!-- soak: written by `make soak` -->", "<!-- end of soak -->"
WHAT = {
    "kills": "SIGKILL under load, at a random call or moment: each accept that a client received is on record",
    "faults": "seeded faults: no accept without a synced record or past its slot; one record a strip; it verifies",
    "flips": "single bits flipped in frames: each refused before it is decoded",
    "flat": "strips on one server: slopes per 1000 strips with their 95 % intervals",
    "overload": "strips offered at several times the lane's rate, open loop",
}

SINGLE = ("flat", "overload")
"""Parts whose runs are no counts that could be added up: the last one is shown."""


def replaced(page: str, runs: Mapping[str, list[Run]]) -> str:
    """Return `page` with the tables of `runs` between its marks; a part without runs here keeps the row that it has.

    Raises ValueError for a page without the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"page: expected the marks {BEGIN} and {END} in this order, found no such pair")
    return f"{before}{BEGIN}\n\n{_tables(runs, old.splitlines())}\n{END}{after}"


def _tables(runs: Mapping[str, list[Run]], old: list[str]) -> str:
    """Write a table of what has run, here or before."""
    lines = ["| run | what was counted | seeds | date | commit |", "|---|---|---|---|---|"]
    machines: dict[str, None] = {}
    for part, what in WHAT.items():
        if mine := runs.get(part, [])[-1 if part in SINGLE else 0 :]:
            lines.append(_row(part, mine))
            machines.update(dict.fromkeys(f"Machine: {run['machine']}." for run in mine))
        elif kept := [line for line in old if line.startswith(f"| {what} |")]:
            lines += kept
            machines.update(dict.fromkeys(line for line in old if line.startswith("Machine: ")))
    return "\n".join([*lines, "", *machines, ""])


def _row(part: str, runs: list[Run]) -> str:
    seeds = ", ".join(str(run["seed"]) for run in runs[:3]) + (f" and {len(runs) - 3} more" if runs[3:] else "")
    dates, commits = (", ".join(sorted({run[name] for run in runs})) for name in ("date", "commit"))
    return f"| {WHAT[part]} | {counted(part, runs)} | {seeds} | {dates} | {commits} |"


def counted(part: str, runs: list[Run]) -> str:
    """Write what the runs of a part have counted."""
    last = runs[-1]["counts"]
    if part == "flat":
        return "; ".join(_slopes(last))
    if part == "overload":
        return "; ".join(_overload(last))
    most_first = sorted(total(runs).items(), key=lambda item: -item[1])
    return ", ".join(f"{found:,} {name}" for name, found in most_first)


def _slopes(counts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{counts['strips']:,} strips"
    for name, found in counts["slopes"].items():
        quantity, _, unit = name.rpartition("_") if "_" in name else (name, "", "")
        unit = {"mib": " MiB", "ms": " ms"}.get(unit, "")
        yield f"{quantity.replace('_', ' ')} {found['value']:.3g} ({found['low']:.3g} to {found['high']:.3g}){unit}"


def _overload(counts: Mapping[str, Any]) -> Iterator[str]:
    yield f"{counts['times']:g} times: {counts['offered']:,} offered, {counts['admitted']:,} admitted"
    yield f"{counts['refused']:,} refused, {counts['other']:,} ended otherwise"
    for name in ("alone", "admitted", "refused"):
        found = counts[f"{name}_ms"]
        yield f"{name} p50 {found['p50']:.1f}, p99 {found['p99']:.1f} ms"
    if written := counts.get("written_ms"):  # not counted by the first runs
        yield f"of which the client writes its message in p50 {written['p50']:.1f}, p99 {written['p99']:.1f} ms"
