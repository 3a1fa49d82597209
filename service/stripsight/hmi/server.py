"""The page's process: feed, pages and web server."""

import asyncio
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nicegui import app, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from stripsight.hmi import routes
from stripsight.hmi.album import Album
from stripsight.hmi.board import Board
from stripsight.hmi.desk import Desk
from stripsight.hmi.feed import Feed
from stripsight.hmi.pages import live, search, strip
from stripsight.hmi.service import Service
from stripsight.hmi.snapshot import Snapshot

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class PageSettings:
    """The service to look at, the folder for TLS to it, and where the page listens."""

    target: str
    host: str
    port: int
    tls: Path | None = None


def is_loopback(host: str) -> bool:
    """Tell whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(settings: PageSettings) -> None:
    """Serve the page until the process is told to stop. Raises ServiceError when the folder for TLS cannot be read."""
    service, board, album = Service(settings.target, settings.tls), _board(settings.target), Album()
    feed = Feed(service, board, album)
    _add_pages(Desk(service, board, album))

    def begin() -> None:
        board.begin(asyncio.get_running_loop())
        feed.start()

    app.on_startup(begin)
    app.on_shutdown(feed.stop)
    # Another site whose name resolves to this machine cannot read the page through a browser.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[settings.host, "localhost", "127.0.0.1"])
    ui.run(
        host=settings.host,
        port=settings.port,
        title="Stripsight",
        favicon=_HERE / "static" / "icon.svg",
        reload=False,
        show=False,
        show_welcome_message=False,
        tailwind=False,
        timeout_graceful_shutdown=2,
    )


def _board(target: str) -> Board:
    return Board(Snapshot(target, datetime.now(UTC)))


def _add_pages(desk: Desk) -> None:
    app.add_static_files("/static", _HERE / "static")
    for part in (live, search, strip, routes):
        part.add(desk)
