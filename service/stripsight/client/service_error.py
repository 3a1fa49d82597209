"""What a call ends with that has no answer."""

from collections.abc import Mapping, Sequence

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status


class ServiceError(Exception):
    """No answer but an error.

    `code` is gRPC's name of the status and `reason` the service's word, which never changes its meaning; an
    error that does not come from the service, such as no connection, has the code as its reason. `facts` are
    the values that `message` speaks of, `violations` the wrong fields and what is wrong with each.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        message: str,
        facts: Mapping[str, str] | None = None,
        violations: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Keep what the service said."""
        super().__init__(f"{reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.facts = dict(facts or {})
        self.violations = tuple(violations)


def service_error(error: grpc.RpcError) -> ServiceError:
    """Read what gRPC raised."""
    code, text = error.code().name, error.details() or ""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in _details(error):
        detail.Unpack(info)  # fills the one of its own type and leaves the other alone
        detail.Unpack(bad)
    violations = [(violation.field, violation.description) for violation in bad.field_violations]
    return ServiceError(code, info.reason or code, text, info.metadata, violations)


def _details(error: grpc.RpcError) -> Sequence[any_pb2.Any]:
    if not isinstance(error, grpc.Call):
        return ()
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that do not belong to this status
        return ()
    return () if status is None else status.details
