"""Numbers of the API in words for people."""

import math
from datetime import datetime
from enum import StrEnum

from stripsight.inspection.v1 import inspection_pb2 as pb

CAUSES = {
    "ANOMALY": "Anomaly",
    "IMAGE_QUALITY": "Picture not fit",
    "STRIP_NOT_FOUND": "Strip not in place",
    "LATE": "Too late",
    "NON_FINITE_SCORE": "Score not a number",
    "RECORD_FAILED": "Not on record",
}


class Tone(StrEnum):
    """How something is drawn; each has its colour and its shape, so that neither is needed alone."""

    GOOD = "good"  # blue, circle
    BAD = "bad"  # orange, octagon or triangle
    QUIET = "quiet"  # grey, square


def cause_name(number: int) -> str:
    """Return a cause's name without prefix, such as ANOMALY; of a number that is not known, the number."""
    if number in pb.Cause.values():
        return pb.Cause.Name(pb.Cause.ValueType(number)).removeprefix("CAUSE_")
    return f"cause {number}"


def cause_title(name: str) -> str:
    """Return a cause, or the reason that a call was refused for, for people."""
    return CAUSES.get(name, name.replace("_", " ").capitalize())


def provider_title(number: int) -> str:
    """Return what scores are computed on."""
    return {pb.PROVIDER_CPU: "CPU", pb.PROVIDER_CUDA: "GPU (CUDA)"}.get(pb.Provider.ValueType(number), "not known yet")


def clock(moment: datetime) -> str:
    """Return the local time of day, to the second."""
    return f"{moment.astimezone():%H:%M:%S}"


def moment_utc(moment: datetime) -> str:
    """Return date and time in UTC, to the millisecond."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"


def share(part: int, whole: int) -> str:
    """Return part of whole in percent; a dash where there is nothing to divide by."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def number(value: float) -> str:
    """Return a score, threshold or margin with four digits after the point; `not a number` and `infinite` as such."""
    if math.isnan(value):
        return "not a number"
    return f"{value:.4f}" if math.isfinite(value) else "infinite"
