"""The simulated line as a source."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from stripsight.limits import Table
from stripsight_lab.line import Strip, random_kit
from stripsight_lab.line.seeds import derive
from stripsight_lab.source.unit import Acquired

Count = Annotated[int, Field(gt=0)]
Seed = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class LineUnit:
    """A strip of the simulated line; any run and any of its 16 frames can be acquired."""

    unit_id: str
    strip: Strip

    @property
    def kind(self) -> str:
        """The name of its defect."""
        return "" if self.strip.defect is None else str(self.strip.defect.kind)

    @property
    def severity(self) -> float:
        """That of its defect."""
        return 0.0 if self.strip.defect is None else self.strip.defect.severity

    @property
    def place(self) -> str:
        """The vial, from the left: "V1" to "V5"."""
        return "" if self.strip.defect is None else f"V{self.strip.defect.vial + 1}"

    def acquire(self, run: int, indices: Sequence[int]) -> Acquired:
        """Render the frames; a good strip's masks are empty."""
        taken = self.strip.acquire(run, indices)
        return Acquired(taken.frames, taken.masks)


class LineTraining(Table):
    """How many good strips, and from which seed."""

    seed: Seed
    products: Count


class LineKit(Table):
    """A kit of known strips, and from which seed."""

    seed: Seed
    good: Count
    defective: Count


class LineSource(Table):
    """The table `[source]` with `kind = "line"`."""

    # A method has the field's name, so the table's key is an alias, in the file and in what is written of it.
    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["line"]
    training_strips: LineTraining = Field(alias="training")
    tuning: LineKit
    test: LineKit

    @model_validator(mode="after")
    def _seeds_differ(self) -> "LineSource":
        seeds = {"training": self.training_strips.seed, "tuning": self.tuning.seed, "test": self.test.seed}
        if len(set(seeds.values())) < len(seeds):
            raise ValueError(f"training, tuning and test: expected three different seeds, found {seeds}")
        return self

    def training(self) -> Sequence[LineUnit]:
        """Good strips; the first n are the same however many are asked for."""
        seed, count = self.training_strips.seed, self.training_strips.products
        return [LineUnit(f"T{seed}-{i + 1:05d}", Strip.good(derive("training", seed, i))) for i in range(count)]

    def tuning_kit(self) -> Sequence[LineUnit]:
        """Strips of the kit in random order."""
        return _kit(self.tuning)

    def test_kit(self) -> Sequence[LineUnit]:
        """Strips of the kit in random order."""
        return _kit(self.test)


def _kit(kit: LineKit) -> list[LineUnit]:
    return [LineUnit(item.strip_id, item.strip) for item in random_kit(kit.seed, kit.good, kit.defective)]
