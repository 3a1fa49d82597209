"""Searches, and strips as CSV."""

import csv
import io
from collections.abc import Callable
from urllib.parse import parse_qsl

from stripsight.hmi.search import Search, search_of
from stripsight.hmi.strip import Strip
from stripsight.hmi.tables import scores_csv, strips_csv
from stripsight.inspection.v1 import inspection_pb2 as pb


def test_a_search_is_the_call_that_it_says() -> None:
    """Each field reaches the API; what is empty means any."""
    asked = Search("L-1", "S-0", "REJECT", "LATE").request("next")
    assert (asked.lot_id, asked.strip_id_prefix, asked.page_token) == ("L-1", "S-0", "next")
    assert (asked.verdict, asked.cause) == (pb.VERDICT_REJECT, pb.CAUSE_LATE)
    assert (Search().request().verdict, Search().request().cause) == (pb.VERDICT_UNSPECIFIED, pb.CAUSE_UNSPECIFIED)


def test_a_search_goes_into_an_address_and_back() -> None:
    """Signs that mean something in an address are no exception; words that mean nothing are left out."""
    search = Search("L/1 & 2", "S-0", "ACCEPT", "ANOMALY")
    assert search_of(dict(parse_qsl(search.query))) == search
    assert search_of({"lot": " L-1 "}) == Search("L-1")
    assert search_of({"verdict": "PERHAPS", "cause": "NONE"}) == Search()


def test_tables_hold_what_the_strip_holds(strip_at: Callable[..., Strip]) -> None:
    """Scores in full, a row a region; strips with their worst region."""
    strip = strip_at(9, V2_R1=0.0512345678901)
    scores = list(csv.DictReader(io.StringIO(scores_csv(strip))))
    assert len(scores) == 20
    assert [(row["vial"], row["region"], float(row["score"])) for row in scores if row["passed"] == "False"] == [
        ("V2", "R1", 0.0512345678901)
    ]
    (row,) = csv.DictReader(io.StringIO(strips_csv([strip])))
    assert (row["strip_id"], row["outcome"], row["worst_vial"], row["record_hash"]) == (
        "S-9",
        "REJECT",
        "V2",
        "ab" * 32,
    )
    assert strips_csv([strip], head=False).count("\n") == 1
