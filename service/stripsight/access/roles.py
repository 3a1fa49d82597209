"""Who may do what: a table of all methods, and one decision. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stripsight.errors import CallerExpired, RoleMissing


class Role(StrEnum):
    """What a caller may be. A certificate may hold several; none includes another."""

    INSPECT = "inspect"
    VIEW = "view"
    OPERATE = "operate"
    ENGINEER = "engineer"


class Access(StrEnum):
    """Who may call. LOOPBACK and PLAINTEXT: plain text, and every caller may do everything; TLS: by its roles."""

    LOOPBACK = "LOOPBACK"
    TLS = "TLS"
    PLAINTEXT = "PLAINTEXT"


NO_CALL = "NO_CALL"
"""The reason of a connection that ended before a call: its certificate was refused, or somebody tried the port."""

EVERYBODY = frozenset(Role)
_MACHINE = frozenset({Role.INSPECT})
_LINE = frozenset({Role.INSPECT, Role.OPERATE})
_PEOPLE = frozenset({Role.VIEW, Role.OPERATE, Role.ENGINEER})
_ENGINEERS = frozenset({Role.ENGINEER})

_API = "/stripsight.inspection.v1"
METHODS: Mapping[str, frozenset[Role]] = {
    f"{_API}.InspectionService/InspectStrip": _MACHINE,
    f"{_API}.InspectionService/InspectFrames": _MACHINE,
    f"{_API}.InspectionService/GetStatus": EVERYBODY,
    f"{_API}.RecordService/WatchInspections": _PEOPLE,
    f"{_API}.RecordService/ListInspections": _PEOPLE,
    f"{_API}.RecordService/GetInspection": _PEOPLE,
    f"{_API}.LotService/OpenLot": _LINE,
    f"{_API}.LotService/CloseLot": _LINE,
    f"{_API}.LotService/RunChallenge": _LINE,
    f"{_API}.LotService/GetLot": EVERYBODY,
    f"{_API}.BundleService/ListBundles": _PEOPLE,
    f"{_API}.BundleService/ActivateBundle": _ENGINEERS,
    f"{_API}.BundleService/RollBackBundle": _ENGINEERS,
    "/grpc.health.v1.Health/Check": EVERYBODY,
    "/grpc.health.v1.Health/List": EVERYBODY,
    "/grpc.health.v1.Health/Watch": EVERYBODY,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": EVERYBODY,
}
"""Every method that is served, and the roles of which one is enough. A method that is not here is nobody's."""


@dataclass(frozen=True)
class Caller:
    """Who calls. `not_after` is the end of its certificate, in UTC; None for a caller without one."""

    name: str
    roles: frozenset[Role]
    not_after: datetime | None = None


LOCAL = Caller("", EVERYBODY)
"""Any caller of a service without TLS, which listens on loopback unless told otherwise by name."""


def check(method: str, caller: Caller, now: datetime) -> None:
    """Return when `caller` may call `method` ("/package.Service/Method"). Raises CallerExpired, RoleMissing."""
    if caller.not_after is not None and caller.not_after < now:
        raise CallerExpired(
            f"expected a certificate that is valid now, found one of {caller.name} that ended {caller.not_after}",
            found=str(caller.not_after),
        )
    needed = METHODS.get(method, frozenset())
    if not needed & caller.roles:
        expected, found = _listed(needed), _listed(caller.roles)
        raise RoleMissing(
            f"{method}: expected a certificate with a role out of {expected}, found {found}",
            expected=expected,
            found=found,
        )


def _listed(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(roles)) or "none"
