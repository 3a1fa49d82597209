"""What a person searches for, as the API asks it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from stripsight.hmi.words import CAUSES
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb

VERDICTS = {"": "All", "REJECT": "Rejects", "ACCEPT": "Accepts"}
_PAGE = 50


@dataclass(frozen=True)
class Search:
    """A lot, the beginning of a strip's id, a verdict and a cause; empty means any."""

    lot: str = ""
    strip: str = ""
    verdict: str = ""
    cause: str = ""

    def request(self, token: str = "", page_size: int = _PAGE) -> record_pb.ListInspectionsRequest:
        """Return the call for a page."""
        return record_pb.ListInspectionsRequest(
            page_size=page_size,
            page_token=token,
            lot_id=self.lot,
            strip_id_prefix=self.strip,
            verdict=pb.Verdict.Value(f"VERDICT_{self.verdict or 'UNSPECIFIED'}"),
            cause=pb.Cause.Value(f"CAUSE_{self.cause or 'UNSPECIFIED'}"),
        )

    @property
    def query(self) -> str:
        """The search as the part of an address after the question mark."""
        named = {"lot": self.lot, "strip": self.strip, "verdict": self.verdict, "cause": self.cause}
        return urlencode({name: value for name, value in named.items() if value})


def search_of(query: Mapping[str, str]) -> Search:
    """Read a search out of an address; a verdict or cause that there is not means any."""
    verdict, cause = query.get("verdict", ""), query.get("cause", "")
    return Search(
        lot=query.get("lot", "").strip(),
        strip=query.get("strip", "").strip(),
        verdict=verdict if verdict in VERDICTS else "",
        cause=cause if cause in CAUSES else "",
    )
