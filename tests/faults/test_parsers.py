"""Whatever reads bytes from outside says no in a way that is known, whatever the bytes are."""

from collections.abc import Callable

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from stripfaults import files, mutation, wire
from stripfaults.target import Target

from stripsight.bundle import Bundle

NAMES = (
    *("requests", "strips ahead", "streams", "questions", "page tokens", "addresses"),
    *("frames", "pictures", "recipes", "thresholds", "challenges", "manifests", "baselines", "graphs"),
    *("records", "heads", "keys"),
)
Change = Callable[[bytes], bytes]


def of_type_99(graph: bytes) -> bytes:
    """Give a graph's input a type that no version of ONNX has."""
    model = onnx.load_model_from_string(graph)
    model.graph.input[0].type.tensor_type.elem_type = 99
    return bytes(model.SerializeToString())


UNKNOWN = b"MCowBQYDK2UwAyEAIs5RQeTfUsgHqv5iLO7DYZMBgU6Yngzlm0rRInEWFTg="
UNKNOWN_KIND = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % UNKNOWN
DEEP, LONG = b"[" * 5000, b"9" * 5000
FOUND: dict[str, tuple[str, Change]] = {
    "nesting in a manifest": ("manifests", lambda _: DEEP),
    "nesting in thresholds": ("thresholds", lambda _: DEEP),
    "nesting in a challenge set": ("challenges", lambda _: DEEP),
    "nesting in a baseline": ("baselines", lambda _: DEEP),
    "nesting in a recipe": ("recipes", lambda _: b"a = " + DEEP),
    "a number of 5000 digits in a recipe": ("recipes", lambda _: b"a = " + LONG),
    "a width of 5000 hexadecimal digits": ("recipes", lambda s: s.replace(b"width_px = 96", b"width_px = 0x" + LONG)),
    "a graph whose names are not UTF-8": ("graphs", lambda s: s.replace(b"patches", b"patch\x80s", 1)),
    "a key of a kind that is not known": ("keys", lambda _: UNKNOWN_KIND),
    "a graph whose input has no known type": ("graphs", of_type_99),
}
"""What has been found: the target, and what was changed in bytes that it takes. Before, a traceback came of it."""


@pytest.fixture(scope="session")
def targets(item_bundle: Bundle) -> dict[str, Target]:
    """Every target by its name."""
    return wire.targets(item_bundle) | files.targets(item_bundle)


def test_every_target_is_tried(targets: dict[str, Target]) -> None:
    """The names below are those of the targets."""
    assert sorted(targets) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_bytes_make_a_parser_raise_what_it_does_not_promise(name: str, targets: dict[str, Target]) -> None:
    """Rows 8, 9, 11 and 18: random bytes, and right ones with a few places changed; `make fuzz` tries for longer."""
    target = targets[name]

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(mutation.hostile(target.seeds))
    def tried(data: bytes) -> None:
        target.run(data)

    tried()


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_stays_refused(what: str, targets: dict[str, Target]) -> None:
    """Rows 8 and 18: bytes that once made a parser fail."""
    name, change = FOUND[what]
    seed = targets[name].seeds[0]
    assert change(seed) != seed
    targets[name].run(change(seed))
