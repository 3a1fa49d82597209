"""How thresholds are chosen: one table of an experiment file, told apart by `method`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, lt=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FalseReject(_Table):
    """The smallest thresholds that reject at most `target` of the good acquisitions."""

    method: Literal["false-reject"] = "false-reject"
    target: Share


class MissRate(_Table):
    """The largest thresholds that miss at most `target` of the defective acquisitions."""

    method: Literal["miss-rate"] = "miss-rate"
    target: Share


class Balance(_Table):
    """The thresholds with the largest detection rate minus false-reject rate (Youden 1950)."""

    method: Literal["balance"] = "balance"


class GoodOnly(_Table):
    """The smallest thresholds that promise, from good products alone, at most `target` of false rejects of a strip.

    What is promised is the expected false-reject rate, or with `promise = "upper"` the bound that it stays below with
    95 % confidence. Both hold for any distribution of scores, see `stripsight_lab.tune.bound`.
    """

    method: Literal["good-only"] = "good-only"
    target: Annotated[float, Field(gt=0, lt=1)]
    promise: Literal["expected", "upper"] = "expected"


TuneSettings = Annotated[FalseReject | MissRate | Balance | GoodOnly, Field(discriminator="method")]
