"""The server as a process of its own, and what a test asks of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.frame import FrameData

sys.path.insert(0, str(Path(__file__).parent))

from served import FAR_S, Served, Start, starter

NUMBERS = count(1)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield starter(stack)


@pytest.fixture(scope="module")
def start_for_module() -> Iterator[Start]:
    """Start servers that end with the file's tests."""
    with ExitStack() as stack:
        yield starter(stack)


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Open clients that close with the test: `connect(target)`, or `connect(target, folder)` by TLS."""
    with ExitStack() as stack:
        yield lambda target, tls=None: stack.enter_context(Client(target, tls))


@pytest.fixture(scope="session")
def strip_server(strip_bundle: Bundle) -> Iterator[Served]:
    """A server of the bundle with 60 patches, for tests that leave it as it is."""
    with ExitStack() as stack:
        yield starter(stack)(strip_bundle.path).started()


@pytest.fixture(scope="session")
def item_server(item_bundle: Bundle) -> Iterator[Served]:
    """A server of the bundle with one patch, for tests that leave it as it is."""
    with ExitStack() as stack:
        yield starter(stack)(item_bundle.path).started()


@pytest.fixture
def ask(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> Callable[..., Answer]:
    """Have a strip of 60 patches judged: `ask(client, seed=.., defective=.., **as Client.inspect takes)`.

    Each call is about another strip, unless it says otherwise.
    """

    def ask(client: Client, *, seed: int = 101, defective: bool = False, **arguments: Any) -> Answer:
        usual: dict[str, Any] = {
            "strip_id": f"S-{seed}",
            "lot_id": "L-1",
            "strip_seq": next(NUMBERS),
            "product": strip_bundle.recipe.product.name,
            "timeout_s": FAR_S,
        }
        frames = strip(strip_bundle.recipe, seed, defective)
        return client.inspect(frames, **(usual | arguments))

    return ask
