"""What a person touches on the operator page, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=60_000)
ServePage = Callable[[str], Any]
BAD = ("V4", "R2")


def at(tab: Page, name: str) -> Locator:
    """Find a part of the page."""
    return tab.locator(f"[data-test='{name}']")


def test_a_held_strip_stays(look: Callable[[], Page], line: Any, frames: dict[int, bytes]) -> None:
    """Others are judged and counted meanwhile; the live ones come back by the same button."""
    line.strip(BAD, frames=frames)
    tab = look()
    expect(at(tab, "caption")).to_have_text("S-000001 · frame 7")
    at(tab, "hold").click()
    expect(at(tab, "hold")).to_have_text("Back to live")
    line.strip(frames=frames)
    expect(at(tab, "judged")).to_have_text("2")
    expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-000001")
    expect(at(tab, "caption")).to_have_text("S-000001 · frame 7")
    at(tab, "hold").click()
    expect(at(tab, "caption")).to_have_text("S-000002 · frame 0")


def test_frames_zoom_and_strength_are_chosen_by_touch(
    look: Callable[[], Page], line: Any, frames: dict[int, bytes]
) -> None:
    """Step through the frames, look closely at a region and back, and draw heatmaps weaker, of later strips too."""
    line.strip(BAD, frames=frames)
    tab = look()
    at(tab, "frame-15").click()
    expect(at(tab, "frame")).to_have_attribute("href", "/pictures/1/frame/15.png")
    expect(at(tab, "heat")).to_have_count(0)
    at(tab, "frame-auto").click()
    expect(at(tab, "heat")).to_have_count(1)
    whole = at(tab, "stage").get_attribute("viewBox")
    tab.locator("[data-act='place:V4/R2']").click()
    expect(at(tab, "stage")).to_have_attribute("viewBox", "233 70 102 36")
    at(tab, "zoom-all").click()
    expect(at(tab, "stage")).to_have_attribute("viewBox", str(whole))
    heats = tab.locator(".heats")
    expect(heats).to_have_css("opacity", "1")
    strength = tab.locator(".q-slider__track-container")
    strength.press("ArrowLeft")
    expect(heats).to_have_css("opacity", "0.95")
    line.strip(BAD, frames=frames)
    expect(at(tab, "heat")).to_have_attribute("href", "/pictures/2/heat/7/V4/R2.png")
    expect(heats).to_have_css("opacity", "0.95")


@pytest.mark.parametrize("path", ["/", "/strips", "/strips/1"])
def test_everything_to_touch_is_large_enough(
    path: str, line: Any, frames: dict[int, bytes], serve_page: ServePage, tab: Page
) -> None:
    """48 pixels at least, on the smaller screen, and nothing is cut off to the side."""
    line.strip(BAD, frames=frames)
    line.status.alarms.add(code="DRIFT", message="look")
    tab.goto(serve_page(f"127.0.0.1:{line.port}").url + path)
    expect(at(tab, "alarms")).to_be_visible()
    expect(tab.locator("[data-strip='S-000001']").first).to_be_visible()
    small = tab.evaluate(
        """() => [...document.querySelectorAll("button, a, summary")].filter((one) => one.offsetParent)
            .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 48 || box.height < 48).map(([text]) => text)"""
    )
    assert small == []
    assert tab.evaluate("document.documentElement.scrollWidth") == 1280
