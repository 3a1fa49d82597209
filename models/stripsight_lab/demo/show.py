"""The whole demo: fit, render, drive, tell. What comes out decides the exit status."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from stripsight.bundle import Bundle, load
from stripsight.client import Client, ServiceError
from stripsight.errors import StripsightError
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight_lab.demo import report
from stripsight_lab.demo.lot import NoLot, lot_open
from stripsight_lab.demo.machine import Machine, Order
from stripsight_lab.demo.mix import mix
from stripsight_lab.demo.page import page_open
from stripsight_lab.demo.record import Record
from stripsight_lab.demo.rendering import NoRoom, make_room, render, rendered
from stripsight_lab.demo.results import missing
from stripsight_lab.demo.server_process import ServerDied, ServerProcess
from stripsight_lab.demo.view import Run
from stripsight_lab.demo.watch import watching
from stripsight_lab.line import KitItem
from stripsight_lab.line.geometry import FRAME_HEIGHT_PX, FRAME_WIDTH_PX, VIALS

READY_S = 120.0
ANSWER_S = 10.0


class Unfit(Exception):
    """The demo cannot be run as asked, or it found something wrong."""


def terminal() -> Console:
    """Standard output: with colour and a live view only on a terminal that can draw one."""
    able = sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}
    return Console(highlight=False, force_terminal=able)


@dataclass(frozen=True)
class Show:
    """One run of the demo: what to serve, which strips, how fast, and where to leave its files."""

    bundle: Path
    strips: int
    seed: int
    cadence_ms: int
    server_options: tuple[str, ...]
    out: Path
    picture: Path
    acquisition_ms: int = 0
    page: str = ""
    console: Console = field(default_factory=terminal)
    # Records stay, and a strip that has one is not inspected again: each run is a lot of its own.
    lot_id: str = field(default_factory=lambda: f"demo-{datetime.now(UTC):%Y%m%dT%H%M%S}")

    @property
    def _frames(self) -> Path:
        return self.out / "frames.npy"

    @property
    def _records(self) -> Path:
        return self.out / "records"

    def run(self) -> int:
        """Run it to the end and return the exit status; every failure is told in plain words."""
        try:
            with _ended_by_signals():
                self._run()
        except (Unfit, NoLot, NoRoom, StripsightError, ServerDied, OSError) as error:
            self.console.print(
                f"[bold red]✗ demo failed:[/] {escape(str(error))}", soft_wrap=not self.console.is_terminal
            )
            return 1
        except KeyboardInterrupt:
            self.console.print("stopped before the end")
            return 130
        return 0

    def _run(self) -> None:
        shipped = load(self.bundle)
        _fits(shipped)
        self.out.mkdir(parents=True, exist_ok=True)
        self.picture.unlink(missing_ok=True)
        self.console.print(self._greeting(shipped), soft_wrap=True)
        kit = mix(self.strips, self.seed)
        try:
            self._render(kit, shipped)
            with Record(self.out / "results.jsonl") as record:
                self._drive(kit, shipped, record)
        finally:
            self._frames.unlink(missing_ok=True)

    def _greeting(self, shipped: Bundle) -> str:
        bundle = f"{shipped.recipe.product.name} {shipped.bundle_id[:12]}"
        sent = f", frames sent over {self.acquisition_ms} ms" if self.acquisition_ms else ""
        return f"{self.strips} strips of seed {self.seed}, one every {self.cadence_ms} ms{sent}, on bundle {bundle}"

    def _render(self, kit: Sequence[KitItem], shipped: Bundle) -> None:
        spec = shipped.recipe.frame
        make_room(self._frames, (len(kit), len(spec.indices), spec.height_px, spec.width_px))
        done = render(kit, spec.indices, self._frames)
        if not self.console.is_terminal:
            self.console.print(f"rendering {len(kit)} strips before the clock starts")
        bar = track(done, "rendering strips", len(kit), console=self.console, transient=True)
        for _ in bar if self.console.is_terminal else done:
            pass

    def _drive(self, kit: Sequence[KitItem], shipped: Bundle, record: Record) -> None:
        """From the server's start to its end, then the report."""
        options = ("--record-dir", str(self._records), "--require-lot", *self.server_options)
        with ServerProcess(self.bundle, self.out / "server.log", *options) as server:
            with self.console.status("starting the server"):
                address = server.ready(READY_S)
            page = page_open(self.page, address, self.out / "page.log", self.console.print)
            with page, Client(address) as client:
                run, order = self._prepared(client, shipped, server)
                with lot_open(address, self.lot_id, order.product.name, server.ended, self.console.print):
                    if not self.console.is_terminal:
                        self.console.print(f"server ready, {run.facts}, process {server.pid}: the clock starts")
                    with watching(self.console, run, record) as add:
                        Machine(client, order, add).run(kit, rendered(self._frames), server.ended)
            died = server.ended.is_set()
            ended = server.stop()
        self.console.print()
        self.console.print(report.closing(run, record.results))
        shown = report.save_picture(self.picture, record.shown, rendered(self._frames), shipped.recipe)
        self.console.print(self._files(shown), soft_wrap=True)
        if died or ended != 0:
            what = "died" if died else "was asked to stop and did not end well"
            after = f"after {len(record.results)} of {self.strips} strips"
            raise Unfit(f"the server {what}, {server.how_it_ended()}, {after}; {server.last_words()}")
        if lost := missing(record.results, len(kit)):
            raise Unfit(f"no answer and no error on record for the strips {', '.join(map(str, lost))}")

    def _prepared(self, client: Client, shipped: Bundle, server: ServerProcess) -> tuple[Run, Order]:
        """Ask the server what it is: what to show, and what the machine works to."""
        try:
            client.wait_ready(timeout_s=ANSWER_S)
            status = client.status(timeout_s=ANSWER_S)
        except ServiceError as error:
            raise ServerDied(f"the server does not answer: {error}; {server.last_words()}") from error
        product, provider = status.product, pb.Provider.Name(status.provider).removeprefix("PROVIDER_")
        run = Run(
            title=f"Stripsight demo  {product.name}",
            facts=f"bundle {status.bundle_id[:12]}  {provider}  seed {self.seed}",
            strips=self.strips,
            slot_ms=status.slot_ms,
            cadence_ms=self.cadence_ms,
        )
        slot_s, cadence_s, acquisition_s = (ms / 1000 for ms in (status.slot_ms, self.cadence_ms, self.acquisition_ms))
        return run, Order(self.lot_id, product, shipped.bundle_id, slot_s, cadence_s, acquisition_s)

    def _files(self, shown: str) -> str:
        return (
            f"{shown}\n"
            f"results  {self.out / 'results.jsonl'}\n"
            f"log      {self.out / 'server.log'}\n"
            f"records  {self._records}: stripsight records verify --record-dir {self._records}\n"
            f"repeat   make demo STRIPS={self.strips} SEED={self.seed} CADENCE_MS={self.cadence_ms}"
        )


def _fits(shipped: Bundle) -> None:
    """Raises Unfit for a product that the simulated line does not make."""
    recipe = shipped.recipe
    expected = (FRAME_WIDTH_PX, FRAME_HEIGHT_PX, VIALS)
    found = (recipe.frame.width_px, recipe.frame.height_px, len(recipe.vials))
    if found != expected:
        made, asked = (f"{vials} vials in {width} x {height} px" for width, height, vials in (expected, found))
        raise Unfit(f"the simulated line makes {made}; bundle {recipe.product.name} inspects {asked}")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does, so that no server is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
