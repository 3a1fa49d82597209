"""How long a strip takes from its answer to a browser's screen: its verdict, and its picture with boxes and heatmaps.

    python tests/bench/bench_page.py [--strips 60] [--cadence-ms 500] [--bundle DIR]

The real server, the operator page as its own process, and Debian's Chromium, all on this machine and by its clock: from
the moment when the machine has the reply to the first change of the page's elements that shows the strip.
"""

import argparse
import socket
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from stripbench.percentiles import percentiles
from stripbench.serving import Serving, serving
from stripbench.strips import Requests, rendered_strips

from stripsight.bundle import load
from stripsight_lab.demo.page import page_open

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_LAST_S = 10.0
# The first time at which each strip is seen, in ms since 1970, by what shows it.
_WATCH = """() => {
    window.seen = {verdict: {}, picture: {}};
    const note = (kind, strip) => { window.seen[kind][strip] ??= performance.timeOrigin + performance.now(); };
    const look = () => {
        note("verdict", document.querySelector("[data-test='verdict']")?.dataset.strip);
        note("picture", document.querySelector("[data-test='caption']")?.textContent.split(" ")[0]);
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def main() -> None:
    """Measure, and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--strips", type=int, default=60)
    options.add_argument("--cadence-ms", type=int, default=500)
    options.add_argument("--bundle", type=Path, default=Path("models/bundles/bfs-5x4"))
    asked = options.parse_args()
    recipe = load(asked.bundle).recipe
    requests = Requests(rendered_strips(recipe), recipe, f"page-{time.time_ns()}")
    with tempfile.TemporaryDirectory() as folder, serving(asked.bundle, "cpu", 0, Path(folder) / "log") as served:
        listen = free_address()
        with page_open(listen, served.target, Path(folder) / "page.log", print), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            tab = browser.new_page(viewport={"width": 1920, "height": 1080})
            tab.goto(f"http://{listen}/")
            tab.get_by_text("Inspecting").wait_for()
            answered = run(tab, served, requests, asked.strips, asked.cadence_ms / 1000)
            seen = tab.evaluate("window.seen")
            browser.close()
    for kind, times in seen.items():
        show(kind, [times[strip] - at for strip, at in answered.items() if strip in times], asked.strips)


def run(tab: Page, served: Serving, requests: Requests, strips: int, cadence_s: float) -> dict[str, float]:
    """Send the strips; return when each was answered, in ms since 1970."""
    tab.evaluate(_WATCH)
    answered: dict[str, float] = {}
    for _ in range(strips):
        due = time.monotonic() + cadence_s
        request = requests.following()
        served.client.send(request, timeout_s=60.0)
        answered[request.strip_id] = time.time() * 1000
        time.sleep(max(0.0, due - time.monotonic()))
    tab.wait_for_timeout(_LAST_S * 1000)
    return answered


def show(kind: str, waits: list[float], strips: int) -> None:
    """Print the percentiles, and how many strips gave way to a later one before they were shown."""
    figures = "  ".join(f"{name} {value:.0f} ms" for name, value in percentiles(waits).items())
    print(f"{kind:8} {figures}  shown {len(waits)} of {strips}")


def free_address() -> str:
    """Return an address that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


if __name__ == "__main__":
    main()
