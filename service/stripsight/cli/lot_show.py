"""What `stripsight lot` prints: tables for people, JSON for programs."""

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table
from rich.text import Text

from stripsight.cli.printing import as_dict, console, print_json, print_rows, word
from stripsight.inspection.v1 import lot_service_pb2 as pb

_NAMED = 20
"""How many strips in doubt are named; --json names more."""


def lot(found: pb.Lot, *, as_json: bool) -> None:
    """Print a lot: its state, its counts, its challenges, its strips in doubt."""
    if as_json:
        print_json(as_dict(found))
        return
    state = word(pb.LotState.DESCRIPTOR, found.state)
    console.print(Text(f"{state} {found.lot_id}", style="bold red" if found.HasField("in_doubt") else "bold"))
    print_rows({name: value for name, value in _facts(found).items() if value})
    _runs(found.challenges)
    if found.HasField("in_doubt"):
        _in_doubt(found.in_doubt)


def run(found: pb.ChallengeRun, *, as_json: bool) -> None:
    """Print a run of the challenge strips."""
    if as_json:
        print_json(as_dict(found))
    else:
        _runs([found])


def _facts(found: pb.Lot) -> dict[str, str]:
    return {
        "product": found.product,
        "opened": f"{_time(found.opened_at)} UTC by {found.opened_by}",
        "closed": f"{_time(found.closed_at)} UTC by {found.closed_by}" if found.HasField("closed_at") else "",
        "strips": f"{found.accepted} accepted, {found.rejected} rejected, {found.refused} refused",
    }


def _runs(runs: Sequence[pb.ChallengeRun]) -> None:
    table = Table("challenge", "time, UTC", "strips", "result", "record")
    for one in runs:
        table.add_row(
            word(pb.ChallengeOccasion.DESCRIPTOR, one.occasion),
            _time(one.ended_at),
            str(one.strips),
            Text(f"MISSED {len(one.missed)}", style="bold red") if one.missed else "passed",
            str(one.record_seq),
        )
    console.print(table)
    for sentence in (sentence for one in runs for sentence in one.missed):
        console.print(sentence, style="red", markup=False)


def _in_doubt(strips: pb.StripsInDoubt) -> None:
    where = f"records {strips.first_record_seq} to {strips.last_record_seq}"
    console.print(f"IN DOUBT: {strips.accepted} accepted, {where}", style="bold red")
    named = strips.accepted_strip_ids[:_NAMED]
    more = strips.accepted - len(named)
    console.print(", ".join(named) + (f" and {more} more" if more else ""), markup=False)


def _time(stamp: Timestamp) -> str:
    return f"{stamp.ToDatetime():%Y-%m-%d %H:%M:%S}"
