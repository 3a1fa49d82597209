"""What `stripsight watch` prints."""

import json
import sys
from datetime import UTC

from google.protobuf.json_format import MessageToDict

from stripsight.cli.printing import word
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb


def strip(found: record_pb.RecordedInspection, *, as_json: bool) -> None:
    """Print a strip: when, which, the verdict, why, and the number of its record."""
    print(json.dumps(MessageToDict(found, preserving_proto_field_name=True)) if as_json else _line(found), flush=True)


def skipped(count: int) -> None:
    """Say how many strips were missed."""
    if count:
        print(f"{count} strips were missed: this command did not keep up", file=sys.stderr, flush=True)


def _line(found: record_pb.RecordedInspection) -> str:
    one = found.inspection
    at = found.recorded_at.ToDatetime(UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    verdict = word(pb.Verdict.DESCRIPTOR, one.verdict)
    why = " ".join(word(pb.Cause.DESCRIPTOR, cause) for cause in one.causes)
    return f"{at}  {verdict:<6}  {one.lot_id} {one.strip_seq} {one.strip_id}  {why or _nearest(one)}  #{one.record_seq}"


def _nearest(one: pb.Inspection) -> str:
    """Say which region of an accepted strip came nearest to its limit."""
    regions = [
        (region.score / region.threshold, vial.name, region.name) for vial in one.vials for region in vial.regions
    ]
    if not regions:
        return "no scores"
    share, vial, region = max(regions)
    return f"{vial} {region} {share:.0%} of its limit"
