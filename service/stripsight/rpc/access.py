"""Who calls, and a look at the table of `stripsight.access.roles` before any method of any service begins."""

from collections.abc import Callable
from datetime import datetime
from functools import partial, wraps
from typing import TypeAlias
from urllib.parse import unquote

import grpc
from grpc_status import rpc_status

from stripsight.access.roles import LOCAL, Caller, check
from stripsight.certificates.caller import caller_of
from stripsight.errors import AccessRefused
from stripsight.rpc.handlers import Behaviour, Handler, Interceptor, behaviour_of, rebuilt
from stripsight.rpc.status import status_of

Refuse: TypeAlias = Callable[[AccessRefused, str, grpc.ServicerContext], object]


class Guard(Interceptor):
    """Ends a call with PERMISSION_DENIED or UNAUTHENTICATED unless its caller may make it."""

    def __init__(self, refuse: Refuse, called: Callable[[str, Caller], object], now: Callable[[], datetime]) -> None:
        """`refuse` hears of each call that is refused, with the method; `called` of each before, with its peer."""
        self._refuse = refuse
        self._called = called
        self._now = now

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Put the look before the method's behaviour, whatever its kind."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        return rebuilt(handler, _after(partial(self._check, handler_call_details.method), behaviour_of(handler)))

    def _check(self, method: str, context: grpc.ServicerContext) -> None:
        who = caller(context)
        self._called(context.peer(), who)
        try:
            check(method, who, self._now())
        except AccessRefused as error:
            self._refuse(error, method, context)
            context.abort_with_status(rpc_status.to_status(status_of(error)))


def caller(context: grpc.ServicerContext) -> Caller:
    """Return who calls: by its certificate, or anybody where there is no TLS."""
    pem = context.auth_context().get("x509_pem_cert")
    return LOCAL if not pem else caller_of(bytes(pem[0]))


def peer_name(context: grpc.ServicerContext) -> str:
    """Return the common name of the caller's certificate, for the record; empty without TLS."""
    return caller(context).name


def peer_address(context: grpc.ServicerContext) -> str:
    """Return the caller's address without its port, which is another one for each connection."""
    return unquote(context.peer()).partition(":")[2].rpartition(":")[0]


def _after(look: Callable[[grpc.ServicerContext], None], behaviour: Behaviour) -> Behaviour:
    @wraps(behaviour)  # gRPC reads attributes of it: the health service's Watch waits in no thread
    def looked(request: object, context: grpc.ServicerContext, *more: object) -> object:
        look(context)
        return behaviour(request, context, *more)

    return looked
