"""`make demo` as people run it: the real server as its own process, with the bundle that ships."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import expect, sync_playwright

BUNDLE = Path(__file__).parents[2] / "models/bundles/bfs-5x4"
FAR_S = 120.0
# A seed whose first strip has a plain defect: the first strip always finds a server with nothing else to do.
SEED = 45


class Demo:
    """A demo that runs, its lines as they come, and its end."""

    def __init__(self, out: Path, *options: str, **environment: str) -> None:
        """Start it, without a terminal. A slot of minutes keeps a busy machine out of what is tested."""
        command = [sys.executable, "-m", "stripsight_lab.demo", "--bundle", str(BUNDLE), "--seed", str(SEED)]
        command += ["--out", str(out), "--provider", "cpu", "--slot-ms", "60000", *options]
        self._process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._too_long = threading.Timer(FAR_S, self._process.kill)
        self._too_long.start()
        self.text = ""

    def until(self, words: str) -> str:
        """Read on to the next line with these words."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.text += line
            if words in line:
                return line
        raise AssertionError(f"the demo ended before it said {words!r}:\n{self.text}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Read to the end; its exit status."""
        self.text += self._process.communicate()[0]
        return self._process.returncode

    def close(self) -> None:
        """Leave nothing behind."""
        self._too_long.cancel()
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start demos whose files lie under `tmp_path`."""
    started: list[Demo] = []

    def start(*options: str, **environment: str) -> Demo:
        started.append(Demo(tmp_path, *options, **environment))
        return started[-1]

    yield start
    for one in started:
        one.close()


def server_of(demo: Demo) -> int:
    """The number of the server's process, as the demo says it."""
    line = demo.until("server ready")
    return int(line.partition("process ")[2].partition(":")[0])


def test_four_strips(demo: Callable[..., Demo], tmp_path: Path) -> None:
    """Four strips at the line's cadence: exit 0, closing tables, a readable picture, four results, a good record.

    Without a terminal there are no control codes, whatever the environment asks for.
    """
    run = demo("--strips", "4", "--cadence-ms", "500", FORCE_COLOR="1", TERM="xterm")
    assert run.end() == 0, run.text
    assert "\x1b" not in run.text
    assert "4/4 strips: detected" in run.text
    assert "is open: 2 challenge strips passed" in run.text and "is closed: 2 challenge strips passed" in run.text
    for part in (
        "detection rate",
        "false-reject rate",
        "95 % interval",
        "late strips",
        "round trip",
        "infer",
    ):
        assert part in run.text
    picture = tmp_path / "rejected.png"
    assert str(picture) in run.text.replace("\n", "")
    image = cv2.imread(str(picture))
    assert image is not None and image.shape[0] > 720
    results = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert sorted(result["strip_seq"] for result in results) == [1, 2, 3, 4]
    assert [result["due_ms"] for result in sorted(results, key=lambda r: r["strip_seq"])] == [
        0,
        500,
        1000,
        1500,
    ]
    verified = [sys.executable, "-m", "stripsight", "records", "verify", "--record-dir", str(tmp_path / "records")]
    done = subprocess.run(verified, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "records",
        "rejected.png",
        "results.jsonl",
        "server.log",
    ]


def test_killed_server(demo: Callable[..., Demo]) -> None:
    """A server that is killed mid-run ends the demo with a failure that says so in plain words."""
    run = demo("--strips", "6", "--cadence-ms", "60000")
    os.kill(server_of(run), signal.SIGKILL)
    assert run.end() == 1, run.text
    assert "demo failed: the server died, killed by signal 9" in run.text
    assert "of 6 strips" in run.text


def test_the_page_shows_what_the_machine_sends(
    demo: Callable[..., Demo], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo tells the page's address; there its first strip is a reject with the heatmap of what is wrong."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # NiceGUI looks for it, and then serves its own tests
    run = demo("--strips", "4", "--cadence-ms", "60000", "--page", address)
    url = run.until("operator page:").split()[-1]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(url)
        verdict = tab.locator(f"[data-test='verdict'][data-strip='D{SEED}-0001']")
        expect(verdict).to_contain_text("REJECT", timeout=FAR_S * 1000)
        expect(tab.locator("[data-test='caption']")).to_contain_text(f"D{SEED}-0001", timeout=FAR_S * 1000)
        expect(tab.locator("[data-test='heat']")).not_to_have_count(0)
        browser.close()
    run.send(signal.SIGTERM)
    assert run.end() == 130, run.text


def test_stopped_demo_stops_its_server(demo: Callable[..., Demo]) -> None:
    """SIGTERM ends the demo, and no server is left running."""
    run = demo("--strips", "2", "--cadence-ms", "60000")
    server = server_of(run)
    run.send(signal.SIGTERM)
    assert run.end() == 130, run.text
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_bundle_that_is_not_there(demo: Callable[..., Demo], tmp_path: Path) -> None:
    """A wrong path is told in a line, without a traceback, also where the output knows only ASCII."""
    run = demo("--bundle", str(tmp_path / "nothing"), PYTHONIOENCODING="ascii")
    assert run.end() == 1
    assert "demo failed" in run.text and str(tmp_path / "nothing") in run.text.replace("\n", "")
    assert "Traceback" not in run.text


def test_server_that_does_not_start(demo: Callable[..., Demo]) -> None:
    """A server that ends before it is ready is a failure with its own last words."""
    run = demo("--strips", "1", "--provider", "abacus")
    assert run.end() == 1
    assert "the server ended before it was ready" in run.text and "abacus" in run.text


def test_no_torch() -> None:
    """The demo runs on the serving install: it imports neither torch nor anything of the training."""
    code = "import sys, stripsight_lab.demo.show; print({'torch', 'skimage', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
