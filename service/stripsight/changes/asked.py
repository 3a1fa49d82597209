"""What is asked for with a change of the bundle."""

import re
from dataclasses import dataclass

from stripsight.errors import IdInvalid, InvalidRequest, WhyRequired
from stripsight.who import check_who

_ID = re.compile("[0-9a-f]{64}")
_WHY_MAX = 400


@dataclass(frozen=True)
class ChangeAsked:
    """Who changes the bundle and why, and why although a lot is open; empty for only when none is.

    `caller` is the name in the certificate of whoever calls, empty without one. Raises WhoRequired, WhyRequired or
    InvalidRequest.
    """

    who: str
    why: str
    despite_open_lot: str = ""
    caller: str = ""

    def __post_init__(self) -> None:
        """Check them: they go on record as they are."""
        check_who(self.who)
        if not (self.why.strip() and _is_text(self.why)):
            raise WhyRequired(f"why: expected {_EXPECTED}, found {self.why[:64]!a}", field="why")
        if not _is_text(self.despite_open_lot):
            found = ascii(self.despite_open_lot[:64])
            raise InvalidRequest(f"despite_open_lot: expected {_EXPECTED}, found {found}", field="despite_open_lot")


def check_bundle_id(bundle_id: str) -> None:
    """Raise IdInvalid unless it can be the id of a bundle: 64 lower-case hexadecimal digits."""
    if not _ID.fullmatch(bundle_id):
        found = ascii(bundle_id[:80])
        raise IdInvalid(
            f"bundle_id: expected 64 lower-case hexadecimal digits, found {found}", field="bundle_id", found=found
        )


_EXPECTED = f"1 to {_WHY_MAX} printable characters"


def _is_text(text: str) -> bool:
    return text.isprintable() and len(text) <= _WHY_MAX
