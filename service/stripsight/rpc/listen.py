"""Taking a port, for the API and for the metrics. A port in use is a plain error and never shared."""

import socket
import threading
from collections.abc import Callable
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import grpc
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from stripsight.errors import StripsightError
from stripsight.recipe import Recipe
from stripsight.settings import Address, parse_address

_REQUEST_SLACK = 1 << 20  # ids, options and the heads of frames
_PNG_SLACK = 1 << 16  # as much as the png module allows a file to be larger than its pixels
_POLL_S = 0.05


class AddressTaken(StripsightError):
    """An address to listen on is in use, or is not one of this machine."""

    reason = "ADDRESS_TAKEN"


def options(recipe: Recipe) -> list[tuple[str, int]]:
    """Return gRPC's settings: requests up to the size of the recipe's frames, replies unlimited."""
    frame = recipe.frame.height_px * (1 + 2 * recipe.frame.width_px) + _PNG_SLACK
    return [
        # By default a second server may bind the same port; the kernel then deals the calls out between them.
        ("grpc.so_reuseport", 0),
        # By default the window of a call grows beyond a whole strip, which then arrives although nobody asks for it. A
        # message that somebody waits for gets the window that it needs.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.max_receive_message_length", len(recipe.frame.indices) * frame + _REQUEST_SLACK),
        ("grpc.max_send_message_length", -1),
    ]


def listen_grpc(server: grpc.Server, listen: str, credentials: grpc.ServerCredentials | None) -> Address:
    """Bind `server`, without credentials in plain text; return the address with the port. Raises AddressTaken."""
    address = parse_address(listen)
    try:
        if credentials is None:
            return Address(address.host, server.add_insecure_port(str(address)))
        return Address(address.host, server.add_secure_port(str(address), credentials))
    except RuntimeError as error:
        raise _taken(address) from error


def listen_metrics(listen: str, registry: CollectorRegistry) -> tuple[Address, Callable[[], None]]:
    """Serve `registry` over HTTP; return the address with its port, and a stop. Raises AddressTaken."""
    address = parse_address(listen)
    try:
        family = socket.getaddrinfo(address.host, address.port)[0][0]
        kind: type[WSGIServer] = type("MetricsServer", (ThreadingWSGIServer,), {"address_family": family})
        server = make_server(address.host, address.port, make_wsgi_app(registry), kind, _Quiet)
    except OSError as error:
        raise _taken(address) from error
    # prometheus_client.start_http_server does the same, but looks up only every half second: a slot.
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="metrics", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return Address(address.host, server.server_port), stop


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Leave scrapes out of the log."""


def _taken(address: Address) -> AddressTaken:
    return AddressTaken(
        f"cannot listen on {address}: it is in use or not an address of this machine", found=str(address)
    )
