"""From the service's answers to results."""

from dataclasses import replace

from stripsight.client import ServiceError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight_lab.demo.results import Decider, Result


def read(result: Result, reply: service_pb.InspectStripResponse | None, error: ServiceError | None) -> Result:
    """Add to what is known of a strip whatever the answer: a reply, or an error."""
    if error is not None:
        # A deadline that passes is a late strip, also when the client's clock says so a moment early.
        late = result.late or error.code == "DEADLINE_EXCEEDED"
        return replace(result, late=late, error=str(error))
    if reply is None or not reply.HasField("inspection"):
        return replace(result, error="a reply without an inspection")
    inspection = reply.inspection
    causes = tuple(pb.Cause.Name(cause).removeprefix("CAUSE_") for cause in inspection.causes)
    return replace(
        result,
        late=result.late or "LATE" in causes,
        verdict=pb.Verdict.Name(inspection.verdict).removeprefix("VERDICT_"),
        causes=causes,
        decider=_decider(inspection),
        stages_ms=_stages_ms(inspection.stage_times),
    )


def _decider(inspection: pb.Inspection) -> Decider | None:
    regions = (
        Decider(vial.name, region.name, region.frame_index, region.score, region.threshold)
        for vial in inspection.vials
        for region in vial.regions
    )
    return max(regions, key=lambda region: region.strain, default=None)


def _stages_ms(times: pb.StageTimes) -> dict[str, float]:
    """The steps that ran and the total, by their names in the API without the unit."""
    return {field.name.removesuffix("_ms"): round(value, 3) for field, value in times.ListFields()}
