"""The operator page in Chromium on a real server, with strips that are really judged."""

import csv
import io
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client

expect.set_options(timeout=60_000)
ServePage = Callable[[str], Any]
Ask = Callable[..., Answer]
VIEWERS = 20


def at(tab: Page, name: str) -> Locator:
    """Find a part of the page."""
    return tab.locator(f"[data-test='{name}']")


@pytest.fixture
def client(strip_server: Any, connect: Callable[[str], Client]) -> Client:
    """A machine."""
    return connect(strip_server.target)


def test_a_judged_strip_appears_and_a_reject_opens(
    client: Client, ask: Ask, strip_server: Any, serve_page: ServePage, tab: Page
) -> None:
    """Verdict and picture without a reload; its page has every score, the record's hash, and files to take away."""
    page = serve_page(strip_server.target)
    tab.goto(page.url)
    expect(at(tab, "state")).to_have_text("Inspecting")
    expect(at(tab, "scope")).not_to_contain_text("Reading")
    answer = ask(client, seed=104, defective=True, strip_id="S-open")
    inspection = answer.reply.inspection
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-open")
    expect(at(tab, "verdict")).to_contain_text("REJECT")
    expect(at(tab, "caption")).to_have_text("S-open · frame 15")
    expect(at(tab, "heat")).to_have_count(len(inspection.heatmaps))
    tab.locator("[data-test='still'][data-strip='S-open']").click()
    expect(at(tab, "scores").locator("tbody tr")).to_have_count(20)
    expect(at(tab, "scores").locator("tr.failed")).to_contain_text("V5")
    expect(at(tab, "record")).to_contain_text(inspection.record_hash.hex())
    assert drawn(tab), "the frame's picture has pixels"
    with tab.expect_download() as download:
        at(tab, "away-scores").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [float(row["score"]) for row in rows] == [r.score for vial in inspection.vials for r in vial.regions]
    with tab.expect_download() as download:
        at(tab, "away-frame-15").click()
    pixels = cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED)
    sent = np.frombuffer(answer.request.frames[2].data, np.uint8).reshape(144, 408)
    assert np.array_equal(pixels, sent), "what is taken away is what the camera sent"


def drawn(tab: Page) -> bool:
    """Tell whether the browser has drawn the frame that the stage names."""
    wide = """(href) => fetch(href).then((r) => r.blob()).then(createImageBitmap).then((b) => b.width)"""
    return bool(tab.evaluate(wide, at(tab, "frame").get_attribute("href")) == 408)


def test_strips_are_found_by_lot_and_id(
    client: Client, ask: Ask, strip_server: Any, serve_page: ServePage, tab: Page
) -> None:
    """The search holds what was asked, and nothing else; also as CSV."""
    for number in (1, 2):
        ask(client, strip_id=f"F-{number}", lot_id="L-find")
    ask(client, seed=104, defective=True, strip_id="F-3", lot_id="L-find")
    ask(client, strip_id="F-4", lot_id="L-other")
    page = serve_page(strip_server.target)
    tab.goto(f"{page.url}/strips")
    tab.get_by_label("Lot").fill("L-find")
    tab.get_by_role("button", name="Search").click()
    expect(at(tab, "result")).to_have_count(3)
    tab.get_by_label("Strip id begins with").fill("F-3")
    tab.get_by_label("Strip id begins with").press("Enter")
    expect(at(tab, "result")).to_have_count(1)
    expect(at(tab, "result")).to_contain_text("REJECT")
    with urlopen(f"{page.url}/strips.csv?lot=L-find&verdict=ACCEPT", timeout=60) as reply:
        rows = list(csv.DictReader(io.StringIO(reply.read().decode())))
    assert [row["strip_id"] for row in rows] == ["F-2", "F-1"]
    at(tab, "result").click()
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "F-3")


def test_a_strip_that_is_not_there_says_so(strip_server: Any, serve_page: ServePage, tab: Page) -> None:
    """An address with a number that no strip has."""
    tab.goto(f"{serve_page(strip_server.target).url}/strips/999999")
    expect(at(tab, "verdict")).to_contain_text("There is no strip with record 999999")


def test_a_restart_of_the_service_is_seen_and_survived(
    *,
    strip_bundle: Bundle,
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Ask,
    serve_page: ServePage,
    tab: Page,
    tmp_path: Path,
) -> None:
    """The page says that nobody answers, drops the colour of the last verdict, and goes on by itself."""
    first = start(strip_bundle.path, record_dir=tmp_path / "record").started()
    tab.goto(serve_page(first.target).url)
    expect(at(tab, "state")).to_have_text("Inspecting")
    ask(connect(first.target), strip_id="S-before")
    expect(at(tab, "verdict")).to_have_class("verdict good")
    tab.evaluate("window.stays = true")
    first.close()
    expect(at(tab, "state")).to_have_text("No connection")
    expect(at(tab, "verdict")).to_have_class("verdict quiet")
    second = start(strip_bundle.path, record_dir=tmp_path / "record", listen=first.target).started()
    expect(at(tab, "state")).to_have_text("Inspecting")
    ask(connect(second.target), strip_id="S-after")
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-after")
    expect(at(tab, "judged")).to_have_text("2")
    assert tab.evaluate("window.stays"), "without a reload"


def test_twenty_viewers_are_one_to_the_service(
    client: Client, ask: Ask, strip_server: Any, serve_page: ServePage, browser: Browser
) -> None:
    """All see the strip; the service sees the page's process alone."""
    page = serve_page(strip_server.target)
    with ExitStack() as stack:
        tabs = [stack.enter_context(browser.new_context()).new_page() for _ in range(VIEWERS)]
        for tab in tabs:
            tab.goto(page.url)
        ask(client, strip_id="S-all")
        for tab in tabs:
            expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-all")
        with urlopen(f"http://{strip_server.metrics}/metrics", timeout=60) as reply:
            lines = reply.read().decode().splitlines()
    assert [line for line in lines if line.startswith("stripsight_viewers ")] == ["stripsight_viewers 1.0"]


def test_a_browser_that_stalls_misses_strips_and_gets_the_latest(
    client: Client, ask: Ask, strip_server: Any, serve_page: ServePage, tab: Page
) -> None:
    """While its scripts stand still it is sent no more than one snapshot; then it shows where the line is."""
    tab.goto(serve_page(strip_server.target).url)
    ask(client, strip_id="S-0")
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-0")
    tab.evaluate(
        """() => {
            window.seen = new Set();
            const look = () => window.seen.add(document.querySelector("[data-test='verdict']").dataset.strip);
            new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
        }"""
    )
    debugger = tab.context.new_cdp_session(tab)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    for number in range(1, 21):
        ask(client, strip_id=f"S-{number}")
    debugger.send("Debugger.resume")
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-20")
    assert len(tab.evaluate("[...window.seen]")) <= 4
