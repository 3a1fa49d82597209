"""What `stripsight bundle list | activate | rollback` print: tables for people, JSON for programs."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from stripsight.cli.printing import as_dict, console, print_json, word
from stripsight.inspection.v1 import bundle_service_pb2 as pb

_DIGITS = 12
"""Enough to tell bundles apart, and to activate one; --json has them whole."""


def bundles(found: Sequence[pb.BundleInfo], *, as_json: bool) -> None:
    """Print a row for each bundle, then what is wrong with those that cannot serve."""
    if as_json:
        print_json({"bundles": [as_dict(info) for info in found]})
        return
    table = Table("bundle", "state", "product", "signed", "since, UTC", "by")
    for info in found:
        state = Text("REFUSED", style="red") if info.problem else Text(word(pb.BundleState.DESCRIPTOR, info.state))
        since = f"{info.active_since.ToDatetime():%Y-%m-%d %H:%M}" if info.HasField("active_since") else ""
        signed = "yes" if info.signature_trusted else "no"
        table.add_row(info.bundle_id[:_DIGITS], state, info.product, signed, since, Text(info.activated_by))
    console.print(table)
    for info in found:
        if info.problem:
            console.print(info.problem, style="red", markup=False, soft_wrap=True)


def changed(reply: pb.ActivateBundleResponse | pb.RollBackBundleResponse, *, as_json: bool) -> None:
    """Print which bundle serves now."""
    if as_json:
        print_json(as_dict(reply))
        return
    info = reply.bundle
    console.print(f"{info.product}: bundle {info.bundle_id} serves, record {reply.record_seq}", soft_wrap=True)
