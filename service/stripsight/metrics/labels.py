"""The closed sets that labels come from."""

from typing import Literal

from stripsight.access.roles import NO_CALL
from stripsight.errors import (
    AccessRefused,
    BundleChanging,
    BundleError,
    BundleUnknown,
    EngineError,
    InvalidRequest,
    LotError,
    NoBundleBefore,
    NotReady,
    Overloaded,
    ProviderError,
    RecipeError,
    RecordError,
    RecordNotFound,
    SlotTooShort,
    StreamIdle,
    StreamLeft,
    StripsightError,
)

Call = Literal["InspectStrip", "InspectFrames"]
STAGES = ("decode", "check", "crop", "infer", "judge", "record", "render")


def _reasons(*bases: type[StripsightError]) -> set[str]:
    return {base.reason for base in bases}.union(*(_reasons(*base.__subclasses__()) for base in bases))


INTERNAL = StripsightError.reason
# Every reason a call can end with.
_REFUSALS = (
    AccessRefused,
    InvalidRequest,
    NotReady,
    Overloaded,
    SlotTooShort,
    StreamIdle,
    StreamLeft,
    LotError,
    BundleError,
    RecipeError,
    ProviderError,
    BundleUnknown,
    BundleChanging,
    NoBundleBefore,
    EngineError,
    RecordError,
    RecordNotFound,
)
REFUSALS = frozenset(_reasons(*_REFUSALS) | {INTERNAL})
# Why a caller is refused: by a call's reason, or before its first call.
ACCESS_REFUSALS = frozenset(_reasons(AccessRefused) | {NO_CALL})
