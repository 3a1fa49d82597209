"""Exceptions to google.rpc.Status: one table, one ErrorInfo each, BadRequest for a wrong argument."""

import grpc
from google.rpc import error_details_pb2, status_pb2

from stripsight.errors import (
    AccessRefused,
    BundleChanging,
    BundleError,
    BundleUnknown,
    CallerExpired,
    EngineError,
    InvalidRequest,
    LotError,
    LotExists,
    LotUnknown,
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

DOMAIN = "stripsight"

_CODES: dict[type[StripsightError], grpc.StatusCode] = {
    AccessRefused: grpc.StatusCode.PERMISSION_DENIED,
    CallerExpired: grpc.StatusCode.UNAUTHENTICATED,
    InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    NotReady: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    SlotTooShort: grpc.StatusCode.DEADLINE_EXCEEDED,
    StreamIdle: grpc.StatusCode.DEADLINE_EXCEEDED,
    StreamLeft: grpc.StatusCode.CANCELLED,
    LotExists: grpc.StatusCode.ALREADY_EXISTS,
    LotUnknown: grpc.StatusCode.NOT_FOUND,
    BundleUnknown: grpc.StatusCode.NOT_FOUND,
    BundleChanging: grpc.StatusCode.ABORTED,
    NoBundleBefore: grpc.StatusCode.FAILED_PRECONDITION,
    LotError: grpc.StatusCode.FAILED_PRECONDITION,
    RecipeError: grpc.StatusCode.FAILED_PRECONDITION,
    BundleError: grpc.StatusCode.FAILED_PRECONDITION,
    ProviderError: grpc.StatusCode.FAILED_PRECONDITION,
    EngineError: grpc.StatusCode.INTERNAL,
    RecordError: grpc.StatusCode.INTERNAL,
    RecordNotFound: grpc.StatusCode.NOT_FOUND,
    StripsightError: grpc.StatusCode.INTERNAL,
}
_TEXT_MAX = 300  # a status travels in the trailers, which gRPC limits to 8 KiB


def status_of(error: StripsightError) -> status_pb2.Status:
    """Return the status that tells a client of `error`."""
    code = next(_CODES[base] for base in type(error).__mro__ if base in _CODES)
    status = status_pb2.Status(code=code.value[0], message=plain(error.message))
    facts = {name: plain(value) for name, value in error.facts.items()}
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=facts))
    if isinstance(error, InvalidRequest) and error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=plain(error.field), description=plain(error.message), reason=error.reason
        )
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    return status


def plain(text: str) -> str:
    """Return `text` as short printable ASCII, since some of it may come from a request."""
    escaped = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text[:_TEXT_MAX])
    return escaped if len(escaped) <= _TEXT_MAX else escaped[: _TEXT_MAX - 3] + "..."
