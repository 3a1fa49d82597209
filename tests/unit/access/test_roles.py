"""Who may do what."""

from datetime import UTC, datetime, timedelta

import pytest

from stripsight.access.roles import EVERYBODY, LOCAL, METHODS, Caller, Role, check
from stripsight.errors import CallerExpired, RoleMissing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INSPECT_STRIP = "/stripsight.inspection.v1.InspectionService/InspectStrip"
GET_STATUS = "/stripsight.inspection.v1.InspectionService/GetStatus"


def caller(*roles: Role, ends: datetime = NOW + timedelta(days=1)) -> Caller:
    """Return a caller with a certificate."""
    return Caller("somebody", frozenset(roles), ends)


def may(role: Role) -> set[str]:
    """Return what a role may call of our own services, without package and service."""
    return {name.rpartition("/")[2] for name, roles in METHODS.items() if role in roles and "stripsight" in name}


def test_what_each_role_may() -> None:
    """Written out, so that a change of the table is a change of this test too."""
    all_may = {"GetStatus", "GetLot"}
    looks = {"WatchInspections", "ListInspections", "GetInspection", "ListBundles"}
    lots = {"OpenLot", "CloseLot", "RunChallenge"}
    assert may(Role.INSPECT) == all_may | lots | {"InspectStrip", "InspectFrames"}
    assert may(Role.VIEW) == all_may | looks
    assert may(Role.OPERATE) == all_may | looks | lots
    assert may(Role.ENGINEER) == all_may | looks | {"ActivateBundle", "RollBackBundle"}


def test_health_and_reflection_take_any_role_but_not_none() -> None:
    """A certificate of the plant that is none of ours gets no word at all."""
    others = [method for method in METHODS if "stripsight" not in method]
    assert len(others) == 4
    for method in others:
        assert METHODS[method] == EVERYBODY
        with pytest.raises(RoleMissing):
            check(method, caller(), NOW)


def test_a_refusal_names_what_was_expected_and_found() -> None:
    """For the log of the caller."""
    with pytest.raises(RoleMissing, match="role out of inspect, found operate, view") as refused:
        check(INSPECT_STRIP, caller(Role.VIEW, Role.OPERATE), NOW)
    assert refused.value.facts == {"expected": "inspect", "found": "operate, view"}


def test_one_role_of_several_is_enough() -> None:
    """A certificate may hold more than it needs."""
    check(INSPECT_STRIP, caller(Role.VIEW, Role.INSPECT), NOW)


def test_a_method_that_is_not_in_the_table_is_nobodys() -> None:
    """Not even that of a caller who may do everything."""
    for anybody in (LOCAL, caller(*Role)):
        with pytest.raises(RoleMissing, match="out of none"):
            check("/stripsight.inspection.v1.InspectionService/Reset", anybody, NOW)


def test_a_certificate_that_ended_since_the_connection_began_is_refused() -> None:
    """A connection may stand for months; its calls are looked at one by one."""
    check(GET_STATUS, caller(*Role, ends=NOW), NOW)
    with pytest.raises(CallerExpired, match="somebody"):
        check(GET_STATUS, caller(*Role, ends=NOW - timedelta(seconds=1)), NOW)
