"""Pieces of the page as HTML, each out of a view that is pure. Text is escaped wherever it stands."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from stripsight.hmi import trends, words
from stripsight.hmi.band import Band
from stripsight.hmi.product import Product
from stripsight.hmi.snapshot import Shot, Snapshot
from stripsight.hmi.stage import HEAT_COLOURS, Look, Stage
from stripsight.hmi.strip import Strip
from stripsight.login.sessions import Person


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("stripsight.hmi"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.globals["share"] = words.share
    templates.filters |= {
        "cause": words.cause_title,
        "clock": words.clock,
        "number": words.number,
        "utc": words.moment_utc,
    }
    return templates


def _render(name: str, **views: object) -> str:
    return _templates().get_template(f"{name}.html.j2").render(views)


def login(problem: str, name: str) -> str:
    """Return the whole page to log in, with what was wrong with the last try."""
    return _render("login", problem=problem, user=name)


def person(who: Person) -> str:
    """Return the button to log out, with the name."""
    return _render("person", person=who)


def band(view: Band) -> str:
    """Return the status band."""
    return _render("band", band=view)


def verdict(strip: Strip | None, *, note: str = "", old: bool = False, waiting: str = "") -> str:
    """Return the verdict of a strip in large, with a note; without one, `waiting`.

    An old one, of a line that nobody knows of now, has lost its colour.
    """
    return _render("verdict", strip=strip, note=note, old=old, waiting=waiting)


def stage(view: Stage | None, waiting: str = "") -> str:
    """Return the drawing of a strip; without one, `waiting`."""
    return _render("stage", stage=view, waiting=waiting)


def controls(look: Look, product: Product, view: Stage) -> str:
    """Return the buttons for frame and zoom, and whose picture is drawn."""
    return _render("controls", look=look, product=product, shown=view.index, caption=view.caption)


def hold(*, held: bool) -> str:
    """Return the button that holds a strip, or lets the next ones come again."""
    return _render("hold", held=held)


def legend() -> str:
    """Return the scale of heatmaps."""
    return _render("legend", colours=HEAT_COLOURS)


def film(snapshot: Snapshot) -> str:
    """Return the rejects, the latest first, each a link to its page."""
    return _render("film", shots=snapshot.rejects, product=snapshot.product, waits_for=snapshot.waits_for)


def counts(snapshot: Snapshot) -> str:
    """Return the counts of the lot: in all, by vial and region, by cause."""
    return _render("counts", tally=snapshot.tally, product=snapshot.product, waits_for=snapshot.waits_for)


def trend_charts(snapshot: Snapshot) -> str:
    """Return the charts of reject rate and latency."""
    intervals = snapshot.tally.intervals
    charts = (trends.reject_rate(intervals), trends.latency(intervals, snapshot.slot_ms))
    return _render("trends", charts=charts)


def scores(strip: Strip) -> str:
    """Return every score against its threshold."""
    return _render("scores", strip=strip)


def facts(strip: Strip) -> str:
    """Return the strip's record: number, hash, times, bundle, digests."""
    return _render("facts", strip=strip)


def away(shot: Shot) -> str:
    """Return links to the pictures and the scores of a strip."""
    return _render("away", shot=shot)


def problem(text: str) -> str:
    """Return what went wrong, in place of what was asked for."""
    return _render("problem", text=text)


def results(strips: tuple[Strip, ...], *, asked: bool) -> str:
    """Return the strips that a search found."""
    return _render("results", strips=strips, asked=asked)
