"""What a bundle must share with the one whose place it takes."""

from dataclasses import replace
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.bundle.terms import terms_of
from stripsight.errors import BundleProduct


def test_the_same_product_with_more_formats_fits(strip_bundle: Bundle, slack_bundle: Bundle) -> None:
    """Other thresholds are no matter; a bundle that takes more pixel formats takes all that the machine sends."""
    now = terms_of(strip_bundle)
    terms_of(slack_bundle).check(now)
    now.check(replace(now, pixel_formats=now.pixel_formats - {"PNG"}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"product": "other"}, "product: expected small-5x4 .*, found other"),
        ({"frame_px": (400, 144)}, r"frame_px: expected \(408, 144\)"),
        ({"frame_indices": (0, 7)}, r"frame_indices: expected \(0, 7, 15\)"),
        ({"pixel_formats": frozenset({"MONO8"})}, "pixel_formats: expected MONO10, MONO12, MONO8, PNG .*, found MONO8"),
        ({"slot_ms": 250}, "slot_ms: expected 500"),
    ],
)
def test_what_the_machine_is_set_up_for_stays(change: dict[str, Any], words: str, strip_bundle: Bundle) -> None:
    """Each term is named, with what serves and what came."""
    now = terms_of(strip_bundle)
    with pytest.raises(BundleProduct, match=words):
        replace(now, **change).check(now)
