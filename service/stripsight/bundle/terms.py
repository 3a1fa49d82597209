"""What the machine and the service are set up for, and what a bundle must share to take another's place."""

from dataclasses import dataclass, fields

from stripsight.bundle.model import Bundle
from stripsight.errors import BundleProduct


@dataclass(frozen=True)
class Terms:
    """Product, frames and slot of a bundle; sizes in px, the slot in ms."""

    product: str
    frame_px: tuple[int, int]
    frame_indices: tuple[int, ...]
    pixel_formats: frozenset[str]
    slot_ms: int

    def check(self, now: "Terms") -> None:
        """Raise BundleProduct unless a bundle of these terms can take the place of one with the terms `now`.

        It must take each pixel format that the other takes, and may take more; all else is the same.
        """
        for name in (field.name for field in fields(self)):
            expected, found = getattr(now, name), getattr(self, name)
            fits = expected <= found if name == "pixel_formats" else expected == found
            if not fits:
                raise BundleProduct(
                    f"{name}: expected {_text(expected)} as of the bundle that serves, found {_text(found)}",
                    expected=_text(expected),
                    found=_text(found),
                )


def terms_of(bundle: Bundle) -> Terms:
    """Return the terms of a bundle."""
    frame = bundle.recipe.frame
    return Terms(
        product=bundle.recipe.product.name,
        frame_px=(frame.width_px, frame.height_px),
        frame_indices=tuple(frame.indices),
        pixel_formats=frozenset(map(str, frame.pixel_formats)),
        slot_ms=bundle.recipe.slot.duration_ms,
    )


def _text(value: object) -> str:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)
