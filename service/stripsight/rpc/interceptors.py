"""Exceptions to google.rpc.Status: one table, one ErrorInfo each, BadRequest for a wrong argument."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from stripsight.errors import (
    UNKNOWN,
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
from stripsight.metrics import Metrics

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

Behaviour = Callable[[Any, grpc.ServicerContext], Message]
Receiving = Callable[[Iterator[Any], grpc.ServicerContext], Message]
Streaming = Callable[[Iterator[Any], grpc.ServicerContext], Iterator[Message]]
Viewing = Callable[[Any, grpc.ServicerContext], Iterator[Message]]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
if TYPE_CHECKING:
    Interceptor = grpc.ServerInterceptor[Any, Any]
else:
    Interceptor = grpc.ServerInterceptor  # generic in its type stub only
_log = structlog.get_logger()


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


class ErrorsToStatus(Interceptor):
    """Guards the calls of Stripsight's own services, whichever way they stream."""

    def __init__(self, metrics: Metrics) -> None:
        """`metrics` counts the calls that end with an error."""
        self._metrics = metrics

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Wrap the method's handler."""
        handler = continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or handler.request_deserializer is None or not method.startswith(f"/{DOMAIN}."):
            return handler
        codec = {
            "request_deserializer": _tolerant(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }
        name = method.rpartition("/")[2]
        if handler.stream_stream is not None:
            return grpc.stream_stream_rpc_method_handler(self._guarded_stream(handler.stream_stream, name), **codec)
        if handler.stream_unary is not None:
            return grpc.stream_unary_rpc_method_handler(self._guarded_receiving(handler.stream_unary, name), **codec)
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._guarded_view(handler.unary_stream, name), **codec)
        if handler.unary_unary is not None:
            return grpc.unary_unary_rpc_method_handler(self._guarded(handler.unary_unary, name), **codec)
        return handler

    def _guarded(self, behaviour: Behaviour, method: str) -> Behaviour:
        def guarded(request: Message | InvalidRequest, context: grpc.ServicerContext) -> Message:
            try:
                return behaviour(_read(request), context)
            except Exception as error:
                return self._end(error, method, context)

        return guarded

    def _guarded_receiving(self, behaviour: Receiving, method: str) -> Receiving:
        def guarded(requests: Iterator[Message | InvalidRequest], context: grpc.ServicerContext) -> Message:
            try:
                return behaviour(map(_read, requests), context)
            except Exception as error:
                return self._end(error, method, context)

        return guarded

    def _guarded_stream(self, behaviour: Streaming, method: str) -> Streaming:
        def guarded(requests: Iterator[Message | InvalidRequest], context: grpc.ServicerContext) -> Iterator[Message]:
            try:
                yield from behaviour(map(_read, requests), context)
            except Exception as error:
                self._end(error, method, context)

        return guarded

    def _guarded_view(self, behaviour: Viewing, method: str) -> Viewing:
        def guarded(request: Message | InvalidRequest, context: grpc.ServicerContext) -> Iterator[Message]:
            try:
                yield from behaviour(_read(request), context)
            except Exception as error:
                self._end(error, method, context)

        return guarded

    def _end(self, error: Exception, method: str, context: grpc.ServicerContext) -> NoReturn:
        if isinstance(error, StripsightError):
            known = error
            _log.info("refused", method=method, reason=known.reason, message=plain(known.message))
        else:
            known = StripsightError(UNKNOWN)
            _log.error("failed", method=method, exc_info=error)
        self._metrics.inspections.refused(known.reason)
        context.abort_with_status(rpc_status.to_status(status_of(known)))


def _read(request: Message | InvalidRequest) -> Message:
    if isinstance(request, InvalidRequest):
        raise request
    return request


def _tolerant(parse: Callable[[bytes], Message]) -> Callable[[bytes], Message | InvalidRequest]:
    """Return a parser that hands a malformed message on as an error; gRPC would answer without details."""

    def tolerant(data: bytes) -> Message | InvalidRequest:
        try:
            return parse(data)
        except DecodeError:
            return InvalidRequest("the message is not a valid protobuf message of its type")

    return tolerant
