"""The operator page in Chromium, in each state that a line can be in."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Locator, Page, expect

from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import lot_service_pb2 as lot_pb

expect.set_options(timeout=60_000)
ServePage = Callable[[str], Any]
BAD = ("V4", "R2")


def at(tab: Page, name: str) -> Locator:
    """Find a part of the page."""
    return tab.locator(f"[data-test='{name}']")


def test_a_line_without_strips_says_so(look: Callable[[], Page]) -> None:
    """Inspecting, and waiting for the first; nothing is empty without a word."""
    tab = look()
    expect(at(tab, "state")).to_have_text("Inspecting")
    expect(at(tab, "verdict")).to_have_text("Waiting for the first strip")
    expect(at(tab, "no-rejects")).to_have_text("No rejects in this lot so far.")
    expect(at(tab, "scope")).to_have_text("No strip on record yet.")


def test_a_service_that_is_not_there_is_waited_for(serve_page: ServePage, tab: Page) -> None:
    """The page opens all the same, and says whom it waits for."""
    tab.goto(serve_page("127.0.0.1:1").url)
    expect(at(tab, "state")).to_have_text("Connecting")
    expect(at(tab, "reason")).to_contain_text("127.0.0.1:1")


def test_each_change_of_the_line_is_told(look: Callable[[], Page], line: Any) -> None:
    """Starting and why; alarms and development mode; a lot that was stopped."""
    line.status.readiness = service_pb.READINESS_STARTING
    line.status.readiness_reason = "the engine warms up"
    tab = look()
    expect(at(tab, "state")).to_have_text("Not ready: starting")
    expect(at(tab, "reason")).to_have_text("the engine warms up")
    line.status.readiness = service_pb.READINESS_SERVING
    line.status.development_mode = True
    line.status.alarms.add(code="DRIFT_SCORES_HIGH", message="scores of R2 lie high")
    expect(at(tab, "alarms").locator("summary")).to_contain_text("scores of R2 lie high")
    expect(at(tab, "development")).to_contain_text("Development mode")
    line.status.lot.state = lot_pb.LOT_STATE_STOPPED
    line.status.lot.challenges.add(missed=["defective-1 was accepted"])
    expect(at(tab, "state")).to_have_text("Lot stopped")
    expect(at(tab, "reason")).to_contain_text("defective-1 was accepted")


def test_a_line_that_does_not_inspect_shows_no_accept(
    look: Callable[[], Page], line: Any, frames: dict[int, bytes]
) -> None:
    """The last verdict loses its colour while none is inspected, and has it again when the line goes on."""
    line.strip(frames=frames)
    tab = look()
    expect(at(tab, "verdict")).to_have_class("verdict good")
    line.status.readiness = service_pb.READINESS_DRAINING
    expect(at(tab, "verdict")).to_have_class("verdict quiet")
    expect(at(tab, "verdict")).to_contain_text("none is inspected now")
    line.status.readiness = service_pb.READINESS_SERVING
    expect(at(tab, "verdict")).to_have_class("verdict good")


def test_a_strip_appears_with_its_picture(look: Callable[[], Page], line: Any, frames: dict[int, bytes]) -> None:
    """Verdict in a word and a colour, frame, heatmap over its region, counts and film."""
    tab = look()
    expect(at(tab, "verdict")).to_have_text("Waiting for the first strip")
    line.strip(BAD, frames=frames)
    expect(at(tab, "verdict")).to_contain_text("REJECT")
    expect(at(tab, "verdict")).to_contain_text("V4 R2")
    expect(at(tab, "frame")).to_have_attribute("href", "/pictures/1/frame/7.png")
    expect(at(tab, "heat")).to_have_attribute("href", "/pictures/1/heat/7/V4/R2.png")
    expect(tab.locator("[data-place='V4-R2']")).to_have_text("1")
    expect(at(tab, "still")).to_have_count(1)
    line.strip(frames=frames)
    expect(at(tab, "verdict")).to_contain_text("ACCEPT")
    expect(at(tab, "rate")).to_have_text("50.0 %")


def test_what_is_on_record_is_there_when_the_page_opens(
    look: Callable[[], Page], line: Any, frames: dict[int, bytes]
) -> None:
    """Counts, rejects and the last strip, from before anybody looked."""
    for bad in ((), (BAD,), ()):
        line.strip(*bad, frames=frames)
    tab = look()
    expect(at(tab, "judged")).to_have_text("3")
    expect(at(tab, "caption")).to_have_text("S-000003 · frame 0")
    expect(at(tab, "still")).to_have_attribute("data-strip", "S-000002")


def test_strips_that_the_view_missed_are_counted(look: Callable[[], Page], line: Any, frames: dict[int, bytes]) -> None:
    """A view that was too slow, or broke off, reads the record again: no count is lost, and none is doubled."""
    line.strip(frames=frames)
    tab = look()
    expect(at(tab, "judged")).to_have_text("1")
    viewers, line.viewers = line.viewers, []
    line.strip(BAD, frames=frames)
    line.viewers = viewers
    line.skip(1)
    expect(at(tab, "judged")).to_have_text("2")
    expect(at(tab, "rejected")).to_have_text("1")
    line.break_off()
    line.strip(BAD, frames=frames)
    expect(at(tab, "judged")).to_have_text("3")
    expect(at(tab, "still")).to_have_count(2)


def test_a_picture_is_asked_for_once_however_many_look(
    line: Any, frames: dict[int, bytes], serve_page: ServePage
) -> None:
    """Ten browsers that want the same picture out of the record are one call to the service."""
    url = serve_page(f"127.0.0.1:{line.port}").url
    viewers, line.viewers = line.viewers, []
    line.strip(BAD, frames=frames)
    line.viewers = viewers
    line.lingers_s = 2.0
    with ThreadPoolExecutor(10) as pool:
        got = list(pool.map(lambda _: urlopen(f"{url}/pictures/1/frame/7.png", timeout=60).read(), range(10)))
    assert got == [frames[7]] * 10
    assert line.told == [1]


def test_a_strip_is_shown_as_soon_as_the_service_is_there(
    line: Any, strip_recipe: Any, frames: dict[int, bytes], serve_page: ServePage, tab: Page
) -> None:
    """Its page was opened while nobody answered; it fills without being loaded again."""
    target = f"127.0.0.1:{line.port}"
    line.close()
    tab.goto(f"{serve_page(target).url}/strips/1")
    expect(at(tab, "verdict")).to_contain_text("The service does not answer")
    again = type(line)(strip_recipe, target)
    try:
        again.strip(BAD, frames=frames)
        expect(at(tab, "verdict")).to_have_attribute("data-strip", "S-000001")
        expect(at(tab, "frame")).to_have_count(1)
    finally:
        again.close()


def test_a_strip_without_pictures_says_why(look: Callable[[], Page], line: Any) -> None:
    """No picture of another strip stands in its place."""
    tab = look()
    expect(at(tab, "state")).to_have_text("Inspecting")
    line.strip()
    expect(at(tab, "no-picture")).to_have_text("The frames are not kept.")


def test_a_browser_at_another_name_is_refused(line: Any, serve_page: ServePage, tab: Page) -> None:
    """A page of elsewhere that points its name here gets nothing."""
    page = serve_page(f"127.0.0.1:{line.port}")
    reply = tab.request.get(page.url, headers={"Host": "evil.example"})
    assert (reply.status, "Inspecting" in reply.text()) == (400, False)


def test_the_title_says_what_it_is(look: Callable[[], Page]) -> None:
    """Among other tabs."""
    expect(look()).to_have_title(re.compile("Stripsight"))
