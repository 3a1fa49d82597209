"""The operator page in a real browser, and lines for it to look at."""

import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from stripsight.recipe import Recipe

sys.path.insert(0, str(Path(__file__).parent))

from page_process import PageProcess
from recorded_line import RecordedLine


@pytest.fixture
def line(strip_recipe: Recipe) -> Iterator[RecordedLine]:
    """A line that says what it is told to."""
    line = RecordedLine(strip_recipe)
    yield line
    line.close()


@pytest.fixture
def frames(strip_recipe: Recipe, picture: Callable[..., NDArray[np.uint8]]) -> dict[int, bytes]:
    """A strip's frames as pictures, half as wide as they were taken."""
    painted = {index: picture(strip_recipe, index) for index in strip_recipe.frame.indices}
    return {index: cv2.imencode(".png", pixels[::2, ::2])[1].tobytes() for index, pixels in painted.items()}


@pytest.fixture
def serve_page(address: str, tmp_path: Path) -> Iterator[Callable[..., PageProcess]]:
    """Start pages that end with the test: `serve_page(target)`, or with options of the command behind it."""
    with ExitStack() as stack:

        def start(target: str, *options: object) -> PageProcess:
            page = PageProcess(target, address, tmp_path / "page.log", *options)
            stack.callback(page.close)
            return page

        yield start


# Not for the session: Playwright's event loop runs in this thread for as long as it is there.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of the size of a 10-inch panel. It fails the test for an error in the page or a request to elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda request: wrong.append(request.url) if outside(request.url) else None)
    yield tab
    context.close()
    assert wrong == []


@pytest.fixture
def look(line: RecordedLine, serve_page: Callable[..., PageProcess], tab: Page) -> Callable[[], Page]:
    """Open the page of the line in the tab."""

    def look() -> Page:
        tab.goto(serve_page(f"127.0.0.1:{line.port}").url)
        return tab

    return look


def outside(url: str) -> bool:
    """Tell whether an address is of another machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"
