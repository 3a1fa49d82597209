"""What a loaded bundle is, and what its manifest says."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from stripsight.challenge import ChallengeStrip
from stripsight.drift.baseline import Baseline
from stripsight.recipe import Recipe
from stripsight.verdict import Thresholds

MANIFEST = "manifest.json"


class Manifest(BaseModel):
    """manifest.json: the sha256 (hex) of every other file, and where the bundle comes from."""

    model_config = ConfigDict(frozen=True)

    schema_version: int
    files: dict[str, str]
    provenance: dict[str, JsonValue]


@dataclass(frozen=True)
class Bundle:
    """Everything one product needs at run time, verified.

    `graph` is inspect.onnx, `tolerance` that of a score; `fuse` and `baseline` are there where their files are.
    `signature_trusted` is True only when it was loaded with trusted keys and one of them has signed it.
    """

    path: Path
    bundle_id: str
    recipe: Recipe
    thresholds: Thresholds
    graph: bytes
    fuse: bytes | None
    baseline: Baseline | None
    challenge: tuple[ChallengeStrip, ...]
    tolerance: float
    manifest: Manifest
    card: str
    signature_trusted: bool
