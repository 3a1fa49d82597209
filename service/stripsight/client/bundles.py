"""The client that engineers use: which bundle judges, and changing it while the line runs."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc

from stripsight.client.connection import Connection
from stripsight.client.service_error import ServiceError, service_error
from stripsight.inspection.v1 import bundle_service_pb2 as pb
from stripsight.inspection.v1.bundle_service_pb2_grpc import BundleServiceStub

__all__ = ["BundleClient", "ServiceError"]

T = TypeVar("T")

_LIST_S = 30.0
_CHANGE_S = 120.0


class BundleClient(Connection):
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it.

    Each call raises ServiceError. After one whose time was up, `bundles` tells what has come of the change.
    """

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made; by TLS with the files of the folder `tls`."""
        super().__init__(target, tls)
        self._stub = BundleServiceStub(self._channel)

    def bundles(self, *, timeout_s: float = _LIST_S) -> list[pb.BundleInfo]:
        """Return the bundles that the service can find, the one that serves first."""
        return list(_answer(lambda: self._stub.ListBundles(pb.ListBundlesRequest(), timeout=timeout_s)).bundles)

    def activate(
        self, bundle_id: str, *, who: str, why: str, despite_open_lot: str = "", timeout_s: float = _CHANGE_S
    ) -> pb.ActivateBundleResponse:
        """Make a bundle the one that serves. `despite_open_lot` says why, if a lot is open."""
        request = pb.ActivateBundleRequest(bundle_id=bundle_id, who=who, why=why, despite_open_lot=despite_open_lot)
        return _answer(lambda: self._stub.ActivateBundle(request, timeout=timeout_s))

    def roll_back(
        self, *, who: str, why: str, despite_open_lot: str = "", timeout_s: float = _CHANGE_S
    ) -> pb.RollBackBundleResponse:
        """Make the bundle that served before the one that serves."""
        request = pb.RollBackBundleRequest(who=who, why=why, despite_open_lot=despite_open_lot)
        return _answer(lambda: self._stub.RollBackBundle(request, timeout=timeout_s))


def _answer(call: Callable[[], T]) -> T:
    try:
        return call()
    except grpc.RpcError as error:
        raise service_error(error) from error
