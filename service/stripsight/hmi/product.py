"""What the product looks like in a frame."""

from collections.abc import Iterable
from dataclasses import dataclass

from stripsight.inspection.v1 import inspection_service_pb2 as service_pb


@dataclass(frozen=True)
class Box:
    """A rectangle in a frame, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns inside."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows inside."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Place:
    """A region of a vial and where it lies."""

    vial: str
    region: str
    title: str
    box: Box


@dataclass(frozen=True)
class Product:
    """The frame's size in pixels, the frames that are inspected, and the place of every region."""

    name: str
    title: str
    width: int
    height: int
    frames: tuple[int, ...]
    places: tuple[Place, ...]

    @property
    def vials(self) -> tuple[str, ...]:
        """Names of the vials, in order."""
        return tuple(dict.fromkeys(place.vial for place in self.places))

    @property
    def regions(self) -> tuple[tuple[str, str], ...]:
        """Names and titles of the regions, in order."""
        return tuple(dict.fromkeys((place.region, place.title) for place in self.places))

    @property
    def whole(self) -> Box:
        """The whole frame."""
        return Box(0, 0, self.width, self.height)

    def vial_box(self, vial: str) -> Box:
        """Return the box around a vial's regions; the whole frame for a vial that the product does not have."""
        boxes = [place.box for place in self.places if place.vial == vial]
        return around(boxes) if boxes else self.whole

    def box_of(self, wanted: tuple[str, str]) -> Box:
        """Return the box of a vial's region; the whole frame for one that the product does not have."""
        boxes = (place.box for place in self.places if (place.vial, place.region) == wanted)
        return next(boxes, self.whole)


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around one or more."""
    left, top, right, bottom = zip(*((box.left, box.top, box.right, box.bottom) for box in boxes), strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def product_of(message: service_pb.Product) -> Product:
    """Read the product out of a status."""
    places = (
        Place(
            place.vial,
            place.region,
            place.region_title,
            Box(place.box.left_px, place.box.top_px, place.box.right_px, place.box.bottom_px),
        )
        for place in message.places
    )
    return Product(
        message.name,
        message.title or message.name,
        message.frame_width_px,
        message.frame_height_px,
        tuple(message.frame_indices),
        tuple(places),
    )
