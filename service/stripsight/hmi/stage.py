"""What is drawn of a strip: a frame, the heatmaps over it, and the boxes of vials and regions. Pure."""

from dataclasses import dataclass, replace
from urllib.parse import quote

from stripsight.hmi.product import Box, Product
from stripsight.hmi.snapshot import Shot
from stripsight.hmi.strip import Outcome, Score

# OpenCV's inferno up to its index 200, in eighths: the colours of heat 0 to 1, with the threshold in the middle.
HEAT_COLOURS = (
    "#000004", "#160b39", "#400a67", "#69166e", "#902568", "#b73557", "#d94d3d", "#f1711f", "#fb9d07",
)  # fmt: skip


_MOST_ZOOM = 8
_CLOSE = 4


@dataclass(frozen=True)
class Look:
    """What a person chose: a frame (None: the one that decided), how close, and at which vial and region (None: the
    one nearest to its limit, or furthest past it, of each strip).
    """

    frame: int | None = None
    zoom: int = 1
    place: tuple[str, str] | None = None

    def after(self, act: str) -> "Look":
        """Return the look after a touch: `frame:7`, `frame:` (the deciding one), `zoom:all`, `zoom:worst`, `zoom:in`,
        `zoom:out`, `place:V1/R2`. The place that is looked at closely, touched again, gives the whole strip.
        """
        kind, _, name = act.partition(":")
        if kind == "frame":
            return replace(self, frame=int(name) if name.isdecimal() else None)
        if kind == "place":
            vial, _, region = name.partition("/")
            seen = self.zoom > 1 and self.place == (vial, region)
            return replace(self, zoom=1 if seen else max(_CLOSE, self.zoom), place=(vial, region))
        zoom, place = {
            "worst": (_CLOSE, None),
            "in": (min(_MOST_ZOOM, self.zoom * 2), self.place),
            "out": (max(1, self.zoom // 2), self.place),
        }.get(name, (1, None))
        return replace(self, zoom=zoom, place=place)


@dataclass(frozen=True)
class Picture:
    """A picture by its address and place in the frame."""

    href: str
    box: Box


@dataclass(frozen=True)
class Mark:
    """A region's box; `decided` tells whether its worst score is of the frame that is shown."""

    vial: str
    name: str
    box: Box
    failed: bool
    decided: bool = False
    note: str = ""


@dataclass(frozen=True)
class Stage:
    """A drawing in pixels of the frame `index`. `window` is the part that is seen, `frame` None without a picture."""

    index: int
    window: Box
    frame: Picture | None
    heats: tuple[Picture, ...]
    vials: tuple[Mark, ...]
    regions: tuple[Mark, ...]
    caption: str
    missing: str = ""

    @property
    def hrefs(self) -> list[str]:
        """The addresses of all pictures, to load them before they are shown."""
        return [picture.href for picture in (*([self.frame] if self.frame else []), *self.heats)]

    @property
    def text_px(self) -> int:
        """Height of letters in pixels of the frame, about the same on the screen whatever the window."""
        return _text_px(self.window)


def shown_frame(shot: Shot, product: Product, look: Look) -> int:
    """Return the index of the frame to show: the chosen one, else the one that decided, else the first."""
    if look.frame in product.frames:
        return int(look.frame or 0)
    worst = shot.strip.worst
    return worst.frame if worst is not None else product.frames[0]


def stage_of(shot: Shot, product: Product, look: Look, *, full: bool = False) -> Stage:
    """Set the stage for a strip. `full` asks for the frame in all its pixels."""
    index = shown_frame(shot, product, look)
    base = f"/pictures/{shot.strip.record_seq}"
    frame = Picture(f"{base}/{'full' if full else 'frame'}/{index}.png", product.whole)
    places = {(place.vial, place.region): place.box for place in product.places}
    scores = {(score.vial, score.region): score for score in shot.strip.scores}
    bad_vials = {score.vial for score in shot.strip.failed}
    return Stage(
        index=index,
        window=_window(shot, product, look),
        frame=frame if index in shot.frames else None,
        heats=tuple(
            Picture(f"{base}/heat/{heat}/{quote(vial)}/{quote(region)}.png", places[vial, region])
            for heat, vial, region in shot.heats
            if heat == index and (vial, region) in places
        ),
        vials=tuple(
            Mark(vial, vial, product.vial_box(vial), vial in bad_vials, note=_note(shot, vial, bad_vials))
            for vial in product.vials
        ),
        regions=tuple(_mark(place, box, scores.get(place), index) for place, box in places.items()),
        caption=f"{shot.strip.strip_id} · frame {index}",
        missing=shot.missing,
    )


def _window(shot: Shot, product: Product, look: Look) -> Box:
    """Return what is seen: the whole frame, with room for names above, or a part of it around a place."""
    if look.zoom == 1:
        return Box(0, -round(1.5 * _text_px(product.whole)), product.width, product.height)
    worst = shot.strip.worst
    middle = product.box_of(look.place or ((worst.vial, worst.region) if worst else ("", "")))
    width, height = product.width // look.zoom, product.height // look.zoom
    left = _within((middle.left + middle.right - width) // 2, product.width - width)
    top = _within((middle.top + middle.bottom - height) // 2, product.height - height)
    return Box(left, top, left + width, top + height)


def _within(value: int, most: int) -> int:
    return min(max(value, 0), most)


def _text_px(window: Box) -> int:
    return max(1, round(max(window.width * 9 / 16, window.height) / 24))


def _note(shot: Shot, vial: str, bad_vials: set[str]) -> str:
    if not shot.strip.scores or shot.strip.outcome is Outcome.REFUSED:
        return ""
    return "✕" if vial in bad_vials else "✓"


def _mark(place: tuple[str, str], box: Box, score: Score | None, index: int) -> Mark:
    failed = score is not None and not score.passed
    return Mark(*place, box, failed, score is not None and score.frame == index)
