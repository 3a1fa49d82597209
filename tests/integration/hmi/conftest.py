"""The operator page in a real browser, and a service that plays back messages, for states a real line is seldom in."""

import os
import queue
import signal
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import (
    InspectionServiceServicer,
    add_InspectionServiceServicer_to_server,
)
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceServicer, add_RecordServiceServicer_to_server
from stripsight.recipe import Recipe
from stripsight.rpc.write import product_message

LIMIT = 0.02
BEGAN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


class RecordedLine(InspectionServiceServicer, RecordServiceServicer):
    """A line that says what it is told to: `status` to all who ask, `strip` to all who watch."""

    def __init__(self, recipe: Recipe, listen: str = "127.0.0.1:0") -> None:
        """Serve."""
        self.recipe = recipe
        self.status = service_pb.GetStatusResponse(
            bundle_id="5e" * 32, product=product_message(recipe), provider=pb.PROVIDER_CPU, slot_ms=500
        )
        self.status.readiness = service_pb.READINESS_SERVING
        self.records: list[record_pb.RecordedInspection] = []
        self.pictures: dict[int, record_pb.Pictures] = {}
        self.told: list[int] = []  # the records that GetInspection was asked for
        self.lingers_s = 0.0  # how long it waits for a second who asks
        self._second = threading.Event()
        self.viewers: list[queue.SimpleQueue[record_pb.WatchInspectionsResponse | None]] = []
        self.server = grpc.server(ThreadPoolExecutor(8))
        add_InspectionServiceServicer_to_server(self, self.server)
        add_RecordServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(listen)
        self.server.start()

    def skip(self, count: int) -> None:
        """Tell all who watch that they missed so many strips."""
        for viewer in self.viewers:
            viewer.put(record_pb.WatchInspectionsResponse(skipped=count))

    def break_off(self) -> None:
        """End each view, and go on serving."""
        for viewer in self.viewers:
            viewer.put(None)
        self.viewers.clear()

    def close(self) -> None:
        """End, with all calls."""
        for viewer in self.viewers:
            viewer.put(None)
        self.server.stop(0).wait()

    def strip(self, *bad: tuple[str, str], frames: dict[int, bytes] | None = None, **changes: Any) -> int:
        """Answer one more strip, rejected for the regions in `bad`, and show it to all; return its record's number."""
        recorded = recorded_strip(self.recipe, len(self.records) + 1, bad, **changes)
        number = recorded.inspection.record_seq
        pictures = pictures_of(self.recipe, number, bad, frames or {})
        self.records.append(recorded)
        self.pictures[number] = pictures
        for viewer in self.viewers:
            viewer.put(record_pb.WatchInspectionsResponse(recorded=recorded))
            viewer.put(record_pb.WatchInspectionsResponse(pictures=pictures))
        return number

    def GetStatus(self, request: Any, context: Any) -> service_pb.GetStatusResponse:
        """Tell the status."""
        return self.status

    def WatchInspections(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[record_pb.WatchInspectionsResponse]:
        """Send what is to come."""
        viewer: queue.SimpleQueue[record_pb.WatchInspectionsResponse | None] = queue.SimpleQueue()
        self.viewers.append(viewer)
        context.add_callback(lambda: viewer.put(None))
        yield record_pb.WatchInspectionsResponse(started=record_pb.WatchStarted(record_seq=len(self.records)))
        yield from iter(viewer.get, None)

    def ListInspections(
        self, request: record_pb.ListInspectionsRequest, context: Any
    ) -> record_pb.ListInspectionsResponse:
        """List the latest first; only the lot is looked at."""
        fit = [one for one in reversed(self.records) if request.lot_id in ("", one.inspection.lot_id)]
        return record_pb.ListInspectionsResponse(inspections=fit[: request.page_size])

    def GetInspection(
        self, request: record_pb.GetInspectionRequest, context: grpc.ServicerContext
    ) -> record_pb.GetInspectionResponse:
        """Return one."""
        self.told.append(request.record_seq)
        if len(self.told) > 1:
            self._second.set()
        self._second.wait(self.lingers_s)
        for one in self.records:
            if one.inspection.record_seq == request.record_seq:
                return record_pb.GetInspectionResponse(inspection=one, pictures=self.pictures[request.record_seq])
        context.abort(grpc.StatusCode.NOT_FOUND, "no such record")
        raise AssertionError


def recorded_strip(recipe: Recipe, number: int, bad: tuple[tuple[str, str], ...], **changes: Any) -> Any:
    """Make a record: regions in `bad` at twice the limit, the others below it."""
    random = np.random.default_rng(number)
    vials = [
        pb.Vial(
            name=vial.name,
            regions=[_region(region.name, 2 if (vial.name, region.name) in bad else random.uniform(0.2, 0.9), number)
                     for region in recipe.regions],
        )
        for vial in recipe.vials
    ]  # fmt: skip
    inspection = pb.Inspection(
        strip_id=f"S-{number:06d}", lot_id="L-42", strip_seq=number, vials=vials, bundle_id="5e" * 32,
        verdict=pb.VERDICT_REJECT if bad else pb.VERDICT_ACCEPT, causes=[pb.CAUSE_ANOMALY] if bad else [],
        provider=pb.PROVIDER_CPU, record_seq=number, record_hash=bytes([number % 256]) * 32,
        stage_times=pb.StageTimes(decode_ms=9, check_ms=6, crop_ms=2, infer_ms=151, judge_ms=0.1, total_ms=173),
    )  # fmt: skip
    recorded = record_pb.RecordedInspection(
        inspection=inspection, product=recipe.product.name, simulated=True, frame_digests=[b"\x01" * 32] * 3,
        since_arrival_ms=float(random.uniform(160, 260)), frames_kept=bool(bad),
    )  # fmt: skip
    recorded.recorded_at.FromDatetime(BEGAN + timedelta(seconds=number / 2))
    recorded.MergeFrom(record_pb.RecordedInspection(**changes))
    return recorded


def pictures_of(recipe: Recipe, number: int, bad: tuple[tuple[str, str], ...], frames: dict[int, bytes]) -> Any:
    """Make the pictures: the frames, and a heatmap for each place in `bad`, in the frame that decided."""
    places = {(place.vial, place.region): place.box for place in recipe.patches}
    return record_pb.Pictures(
        record_seq=number,
        frames=[record_pb.FramePicture(frame_index=index, png=png, scale=2) for index, png in frames.items()],
        heatmaps=[
            pb.Heatmap(frame_index=7, vial=vial, region=region, style=pb.HEATMAP_STYLE_ANCHORED, png=heat_spot(),
                       box=pb.Box(**places[vial, region].model_dump()))
            for vial, region in bad
        ],
        missing="" if frames else "The frames are not kept.",
    )  # fmt: skip


def heat_spot() -> bytes:
    """Paint a hot spot on nothing: a PNG with transparency."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    heat = np.exp(-((x - 0.2) ** 2 + (y + 0.1) ** 2) / 0.06)
    colours = cv2.applyColorMap((heat * 200).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.imencode(".png", np.dstack([colours, (heat * 255).astype(np.uint8)]))[1].tobytes()


def _region(name: str, load: float, number: int) -> pb.Region:
    score = LIMIT * load
    return pb.Region(name=name, score=score, threshold=LIMIT, margin=LIMIT - score, frame_index=7 if load > 1 else 0)


class PageProcess:
    """`stripsight hmi` as a process of its own."""

    def __init__(self, target: str, listen: str, log: Path, *options: object) -> None:
        """Start it, what it says into a file; return when it answers."""
        self.url = f"{'https' if '--page-cert' in options else 'http'}://{listen}"
        command = [sys.executable, "-m", "stripsight", "hmi", "--target", target, "--listen", listen]
        command += map(str, options)
        # NiceGUI looks for pytest in the environment and then serves its own tests.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        self._log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        while not self._answers():
            assert self.process.poll() is None, self.log()

    def log(self) -> str:
        """Return what it wrote."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """End it as a supervisor does. It wrote no error, and ends by that signal."""
        said = self.log()
        self.process.terminate()
        assert self.process.wait(60) == -signal.SIGTERM, self.log()
        assert "Traceback" not in said, said

    def _answers(self) -> bool:
        try:
            # Whose certificate it is, is for the test to ask.
            unverified = ssl._create_unverified_context()
            with urllib.request.urlopen(f"{self.url}/static/icon.svg", timeout=60, context=unverified) as reply:
                return bool(reply.status == 200)
        except urllib.error.URLError:
            return False


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


def outside(url: str) -> bool:
    """Tell whether an address is of another machine."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"
