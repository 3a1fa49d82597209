"""What is fetched beside the pages: pictures and tables."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from nicegui import app
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from stripsight.client.service_error import ServiceError
from stripsight.hmi.desk import Desk
from stripsight.hmi.search import Search, search_of
from stripsight.hmi.strip import strip_of
from stripsight.hmi.tables import scores_csv, strips_csv

_PAGE = 500
# A picture on record never changes; who may see it is asked again in another browser.
_KEEP = {"Cache-Control": "private, max-age=3600, immutable"}


def add(desk: Desk) -> None:
    """Add the addresses. They are plain functions: each call runs in a thread and may wait for the service."""
    app.get("/pictures/{seq}/frame/{index}.png")(partial(_frame, desk))
    app.get("/pictures/{seq}/full/{index}.png")(partial(_full_frame, desk))
    app.get("/pictures/{seq}/heat/{index}/{vial}/{region}.png")(partial(_heat, desk))
    app.get("/strips/{seq}/scores.csv")(partial(_scores, desk))
    app.get("/strips.csv")(partial(_strips, desk))


def _frame(desk: Desk, seq: int, index: int) -> Response:
    return _png(lambda: desk.library.frame(seq, index))


def _full_frame(desk: Desk, seq: int, index: int) -> Response:
    return _png(lambda: desk.library.full_frame(seq, index))


def _heat(desk: Desk, seq: int, index: int, vial: str, region: str) -> Response:
    return _png(lambda: desk.library.heat(seq, index, vial, region))


def _png(find: Callable[[], bytes | None]) -> Response:
    try:
        picture = find()
    except ServiceError as error:
        return _problem(error)
    if picture is None:
        return Response("no such picture\n", 404, media_type="text/plain")
    return Response(picture, media_type="image/png", headers=_KEEP)


def _problem(error: ServiceError) -> Response:
    return Response(f"{error}\n", 404 if error.code == "NOT_FOUND" else 503, media_type="text/plain")


def _scores(desk: Desk, seq: int) -> Response:
    try:
        strip = strip_of(desk.service.get(seq).inspection)
    except ServiceError as error:
        return _problem(error)
    return _csv_response(Response(scores_csv(strip), media_type="text/csv"), f"{strip.strip_id}.csv")


def _strips(desk: Desk, request: Request) -> Response:
    rows = _strip_rows(desk, search_of(request.query_params))
    try:
        first = next(rows)
    except ServiceError as error:
        return _problem(error)
    # Where the service goes in the middle the download breaks off, so that half a table is not taken for a whole one.
    return _csv_response(StreamingResponse(chain([first], rows), media_type="text/csv"), "strips.csv")


def _strip_rows(desk: Desk, search: Search) -> Iterator[str]:
    head = True
    for recorded in desk.service.list(search.request(page_size=_PAGE)):
        yield strips_csv([strip_of(recorded)], head=head)
        head = False
    if head:
        yield strips_csv([])


def _csv_response(response: Response, name: str) -> Response:
    safe = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name)
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
