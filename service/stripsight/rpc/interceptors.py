"""What guards every call of Stripsight's own services: whatever is raised ends it with a status."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from stripsight.errors import UNKNOWN, InvalidRequest, StripsightError
from stripsight.metrics import Metrics
from stripsight.rpc.handlers import Behaviour, Handler, Interceptor, behaviour_of, rebuilt
from stripsight.rpc.status import DOMAIN, plain, status_of

Read = Callable[[Any], Any]
_log = structlog.get_logger()


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
        read: Read = partial(map, _read) if handler.request_streaming else _read
        guard = self._guarded_stream if handler.response_streaming else self._guarded
        guarded = guard(behaviour_of(handler), read, method.rpartition("/")[2])
        return rebuilt(handler, guarded, parse=_tolerant(handler.request_deserializer))

    def _guarded(self, behaviour: Behaviour, read: Read, method: str) -> Behaviour:
        def guarded(received: object, context: grpc.ServicerContext) -> Message:
            try:
                answer: Message = behaviour(read(received), context)
            except Exception as error:
                self._end(error, method, context)
            return answer

        return guarded

    def _guarded_stream(self, behaviour: Behaviour, read: Read, method: str) -> Behaviour:
        def guarded(received: object, context: grpc.ServicerContext) -> Iterator[Message]:
            try:
                yield from behaviour(read(received), context)
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
