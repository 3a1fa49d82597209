"""The page's process: feed, pages and web server."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nicegui import app, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from stripsight.hmi import routes
from stripsight.hmi.album import Album
from stripsight.hmi.board import Board
from stripsight.hmi.desk import Desk
from stripsight.hmi.door import Door
from stripsight.hmi.feed import Feed
from stripsight.hmi.gate import Gate
from stripsight.hmi.library import Library
from stripsight.hmi.pages import live, search, strip
from stripsight.hmi.service import Service
from stripsight.hmi.snapshot import Snapshot

_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class PageSettings:
    """The service to look at, the folder for TLS to it, where the page listens, and who may look.

    `door` is None for everybody of this machine. `names` are those that browsers call the page by, beside its address.
    `certificate` and `key` are the page's own, for TLS to browsers.
    """

    target: str
    host: str
    port: int
    tls: Path | None = None
    door: Door | None = None
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None


def serve(settings: PageSettings) -> None:
    """Serve the page until the process is told to stop. Raises ServiceError when the folder for TLS cannot be read."""
    service, board, album = Service(settings.target, settings.tls), _board(settings.target), Album()
    feed = Feed(service, board, album)
    _add_pages(Desk(service, board, Library(service, album)))

    def begin() -> None:
        board.begin(asyncio.get_running_loop())
        feed.start()

    app.on_startup(begin)
    app.on_shutdown(feed.stop)
    if settings.door is not None:
        app.add_middleware(Gate, door=settings.door)
    # Another site whose name resolves to this machine cannot read the page through a browser.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[settings.host, *settings.names, *_LOCAL])
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
        proxy_headers=False,  # whoever stands before the page says where a request comes from, else nobody
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
    )


def _board(target: str) -> Board:
    return Board(Snapshot(target, datetime.now(UTC)))


def _add_pages(desk: Desk) -> None:
    app.add_static_files("/static", _HERE / "static")
    for part in (live, search, strip, routes):
        part.add(desk)
