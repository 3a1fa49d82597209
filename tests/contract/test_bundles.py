"""The bundle service: what is listed, what each wrong change gets, and that the old bundle serves on after it."""

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import onnx
import pytest

from stripsight.bundle import Bundle, make_keys, sign
from stripsight.engine import Engine
from stripsight.errors import EngineError
from stripsight.inspection.v1 import bundle_service_pb2 as pb
from stripsight.inspection.v1.bundle_service_pb2_grpc import BundleServiceStub
from stripsight.inspection.v1.lot_service_pb2 import OpenLotRequest
from stripsight.inspection.v1.lot_service_pb2_grpc import LotServiceStub
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Event
from stripsight.rpc.server import Server, start_engine
from stripsight.settings import Settings

FAR_S = 60.0


def relisted(folder: Path) -> None:
    """List the files as they are now, and have the key sign that: what follows is about their contents."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    sign(folder, folder.parents[1] / "ours.key")


def custom_operator(folder: Path) -> None:
    """Put a node of somebody's own into the graph."""
    model = onnx.load(folder / "inspect.onnx")
    model.graph.node.append(onnx.helper.make_node("Run", ["patches"], ["ran"], domain="com.example"))
    (folder / "inspect.onnx").write_bytes(model.SerializeToString())
    relisted(folder)


def external_data(folder: Path) -> None:
    """Let the graph take weights out of a file of the system."""
    model = onnx.load(folder / "inspect.onnx")
    tensor = model.graph.initializer.add(name="taken", data_type=onnx.TensorProto.FLOAT, dims=[1])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    (folder / "inspect.onnx").write_bytes(model.SerializeToString())
    relisted(folder)


def older_version(folder: Path) -> None:
    """Let it be of a schema that this service does not read."""
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 0}))
    sign(folder, folder.parents[1] / "ours.key")


def challenge_missed(folder: Path) -> None:
    """Let the challenge set expect other scores than the graph gives."""
    path = folder / "challenge" / "challenge.json"
    content = json.loads(path.read_text())
    content["strips"][0]["scores"] = [score * 0.9 for score in content["strips"][0]["scores"]]
    path.write_text(json.dumps(content))
    relisted(folder)


BROKEN = {
    "changed": (lambda f: (f / "CARD.md").write_text("better\n"), "BUNDLE_FILE_CHANGED"),
    "missing": (lambda f: (f / "thresholds.json").unlink(), "BUNDLE_FILE_MISSING"),
    "swapped": (lambda f: shutil.copy(f / "challenge/good/0.png", f / "challenge/good/7.png"), "BUNDLE_FILE_CHANGED"),
    "added": (lambda f: (f / "weights.bin").write_bytes(b"0"), "BUNDLE_FILE_UNLISTED"),
    "unsigned": (lambda f: (f / "manifest.sig").unlink(), "BUNDLE_UNSIGNED"),
    "with an operator": (custom_operator, "BUNDLE_GRAPH_UNSAFE"),
    "with external data": (external_data, "BUNDLE_GRAPH_UNSAFE"),
    "older": (older_version, "BUNDLE_VERSION"),
    "off": (challenge_missed, "BUNDLE_CHALLENGE_FAILED"),
    "another's": (lambda f: sign(f, f.parents[1] / "theirs.key"), "BUNDLE_SIGNATURE"),
}
"""What is done to a signed bundle, and the reason that it is refused for; more of what can be wrong is in
tests/unit/bundle and test_graph.py."""


class Line:
    """A server with a folder of signed bundles beside the one that it serves."""

    def __init__(self, serve: Callable[..., Server], serves: Bundle, folder: Path, **settings: Any) -> None:
        self.folder = folder / "bundles"
        self.key = folder / "ours.key"
        make_keys(self.key, folder / "ours.pub")
        make_keys(folder / "theirs.key", folder / "theirs.pub")
        first = self.put(serves, "first")
        given = {"bundles": self.folder, "bundle_keys": folder / "ours.pub", "development_mode": False}
        self.server = serve(replace(serves, path=first), **(given | {"record_dir": folder / "record"} | settings))
        self.server.start()
        self.server.ready()
        self.channel = grpc.insecure_channel(str(self.server.address))
        self.calls = BundleServiceStub(self.channel)

    def close(self) -> None:
        """End it in order: no thread is left that challenges an open lot."""
        self.channel.close()
        self.server.drain()
        self.server.stop()

    def put(self, bundle: Bundle, name: str) -> Path:
        """Put a signed copy of a bundle into the folder."""
        path = Path(shutil.copytree(bundle.path, self.folder / name))
        sign(path, self.key)
        return path

    def activate(self, bundle_id: str, **fields: str) -> pb.ActivateBundleResponse:
        """Ask for a bundle, with fields in another way."""
        usual = {"bundle_id": bundle_id, "who": "A. Engineer", "why": "CC-1"}
        return self.calls.ActivateBundle(pb.ActivateBundleRequest(**(usual | fields)), timeout=FAR_S)

    def listed(self) -> list[pb.BundleInfo]:
        """List the bundles."""
        return list(self.calls.ListBundles(pb.ListBundlesRequest(), timeout=FAR_S).bundles)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of the events on record."""
        reader = Reader(self.server.record.journal.folder)
        try:
            bodies = [kept.entry.body for kept in reader.find(Wanted())]
        finally:
            reader.close()
        return [dict(body.facts) for body in bodies if isinstance(body, Event) and body.kind == kind]


@pytest.fixture
def line(serve: Callable[..., Server], strip_bundle: Bundle, tmp_path: Path) -> Iterator[Line]:
    """A line that serves."""
    line = Line(serve, strip_bundle, tmp_path)
    yield line
    line.close()


def refused(call: Callable[[], object], info_of: Callable[[grpc.RpcError], Any]) -> tuple[str, str]:
    """Return code and reason of a call that fails."""
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code().name, info_of(error.value).reason


def test_a_bundle_takes_over_and_is_rolled_back(line: Line, strip_bundle: Bundle, slack_bundle: Bundle) -> None:
    """It is listed as what serves, with since when and by whom; both changes are on record with who and why."""
    line.put(slack_bundle, "second")
    states = [(info.bundle_id, info.state, info.signature_trusted, info.problem) for info in line.listed()]
    assert states == [
        (strip_bundle.bundle_id, pb.BUNDLE_STATE_ACTIVE, True, ""),
        (slack_bundle.bundle_id, pb.BUNDLE_STATE_AVAILABLE, True, ""),
    ]
    done = line.activate(slack_bundle.bundle_id)
    assert (done.bundle.bundle_id, done.bundle.activated_by) == (slack_bundle.bundle_id, "A. Engineer")
    assert done.bundle.HasField("active_since")
    assert [info.state for info in line.listed()] == [pb.BUNDLE_STATE_ACTIVE, pb.BUNDLE_STATE_PREVIOUS]
    assert [alarm.code for alarm in line.server.station.status().alarms] == ["BUNDLE_NOT_CONFIGURED"]
    back = line.calls.RollBackBundle(pb.RollBackBundleRequest(who="B", why="CC-2"), timeout=FAR_S)
    assert (back.bundle.bundle_id, back.bundle.product) == (strip_bundle.bundle_id, "small-5x4")
    assert line.server.station.status().alarms == ()
    _, there, again = line.events("bundle")
    assert (there["who"], there["why"], there["before"]) == ("A. Engineer", "CC-1", strip_bundle.bundle_id)
    assert (again["who"], again["bundle_id"], again["before"]) == ("B", strip_bundle.bundle_id, slack_bundle.bundle_id)
    assert there["signature_trusted"] == 1
    assert done.record_seq < back.record_seq == line.server.record.journal.link.seq


def test_a_bundle_that_serves_stays(line: Line, strip_bundle: Bundle) -> None:
    """A call that is repeated gets the same answer, and no second record."""
    before = line.server.record.journal.link.seq
    for _ in range(2):
        done = line.activate(strip_bundle.bundle_id)
        assert (done.bundle.bundle_id, done.record_seq) == (strip_bundle.bundle_id, before)
    assert line.server.record.journal.link.seq == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"bundle_id": ""}, "ID_INVALID"),
        ({"bundle_id": "A" * 64}, "ID_INVALID"),
        ({"who": ""}, "WHO_REQUIRED"),
        ({"who": "\x1b[31m"}, "WHO_REQUIRED"),
        ({"why": " "}, "WHY_REQUIRED"),
        ({"why": "w" * 401}, "WHY_REQUIRED"),
        ({"despite_open_lot": "two\nlines"}, "INVALID_REQUEST"),
    ],
)
def test_a_wrong_argument_is_named(
    *, fields: dict[str, str], reason: str, line: Line, slack_bundle: Bundle, details: Any, status_in: Any
) -> None:
    """INVALID_ARGUMENT with the field; nothing is put on record."""
    before = line.server.record.journal.link.seq
    with pytest.raises(grpc.RpcError) as error:
        line.activate(**({"bundle_id": slack_bundle.bundle_id} | fields))
    info, named = details(status_in(error.value))
    assert (error.value.code().name, info.reason, named) == ("INVALID_ARGUMENT", reason, list(fields))
    assert line.server.record.journal.link.seq == before


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_bundle_that_is_refused_leaves_the_old_one_serving(
    name: str, line: Line, strip_bundle: Bundle, slack_bundle: Bundle, info_of: Any
) -> None:
    """The reason says why, the list too unless it is the challenge, and it is on record with who and why."""
    change, reason = BROKEN[name]
    change(line.put(slack_bundle, "second"))
    still, broken = line.listed()
    assert broken.problem.startswith(f"second: {reason}: ") or reason == "BUNDLE_CHALLENGE_FAILED"
    assert refused(lambda: line.activate(broken.bundle_id), info_of) == ("FAILED_PRECONDITION", reason)
    assert [info.state for info in line.listed()] == [pb.BUNDLE_STATE_ACTIVE, pb.BUNDLE_STATE_AVAILABLE]
    (refusal,) = line.events("bundle_refused")
    assert (refusal["reason"], refusal["who"], refusal["bundle_id"]) == (reason, "A. Engineer", broken.bundle_id)
    assert line.server.station.live.bundle.bundle_id == still.bundle_id == strip_bundle.bundle_id


def test_another_product_is_refused(line: Line, item_bundle: Bundle, info_of: Any) -> None:
    """The machine and the service are set up for one; the list says so beforehand."""
    line.put(item_bundle, "item")
    assert "product: expected small-5x4" in line.listed()[1].problem
    assert refused(lambda: line.activate(item_bundle.bundle_id), info_of) == ("FAILED_PRECONDITION", "BUNDLE_PRODUCT")


def test_what_is_not_there(line: Line, info_of: Any) -> None:
    """A bundle that nobody put there, and one before the first."""
    assert refused(lambda: line.activate("0" * 64), info_of) == ("NOT_FOUND", "BUNDLE_UNKNOWN")
    back = pb.RollBackBundleRequest(who="B", why="CC-2")
    assert refused(lambda: line.calls.RollBackBundle(back, timeout=FAR_S), info_of) == (
        "FAILED_PRECONDITION",
        "NO_BUNDLE_BEFORE",
    )


def test_while_a_lot_is_open_it_has_to_be_said_why(line: Line, slack_bundle: Bundle, info_of: Any) -> None:
    """LOT_OPEN names the lot; with a reason the bundle is changed, and the reason is on record."""
    line.put(slack_bundle, "second")
    LotServiceStub(line.channel).OpenLot(OpenLotRequest(lot_id="L-7", product="small-5x4", who="C"), timeout=FAR_S)
    with pytest.raises(grpc.RpcError) as error:
        line.activate(slack_bundle.bundle_id)
    info = info_of(error.value)
    assert (error.value.code().name, info.reason, info.metadata["lot_id"]) == ("FAILED_PRECONDITION", "LOT_OPEN", "L-7")
    assert line.events("bundle_refused")[0]["lot_id"] == "L-7"
    line.activate(slack_bundle.bundle_id, despite_open_lot="wrong threshold, QA asked")
    assert line.events("bundle")[-1]["despite_open_lot"] == "wrong threshold, QA asked"


def test_before_the_service_is_ready_nothing_is_changed(
    serve: Callable[..., Server], strip_bundle: Bundle, info_of: Any
) -> None:
    """It is listed what will serve; a change is refused."""
    server = serve(strip_bundle)
    server.start()
    with grpc.insecure_channel(str(server.address)) as channel:
        calls = BundleServiceStub(channel)
        assert [info.bundle_id for info in calls.ListBundles(pb.ListBundlesRequest()).bundles] == [
            strip_bundle.bundle_id
        ]
        asked = pb.ActivateBundleRequest(bundle_id="0" * 64, who="A", why="B")
        assert refused(lambda: calls.ActivateBundle(asked), info_of) == ("UNAVAILABLE", "NOT_READY")


class Gate:
    """Starts engines that wait until they may, or that fail."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()
        self.fails = False

    def __call__(self, bundle: Bundle, settings: Settings) -> Engine:
        self.begun.set()
        assert self.go.wait(FAR_S)
        engine = start_engine(bundle, settings)
        if self.fails:
            engine.infer_frame = failing  # the new engine's alone
        return engine


def failing(_: object) -> Any:
    """Fail as an engine does."""
    raise EngineError("told to fail")


@pytest.fixture
def gated(serve: Callable[..., Server], strip_bundle: Bundle, tmp_path: Path) -> Iterator[tuple[Line, Gate]]:
    """A line whose next engines start at a gate."""
    gate = Gate()
    line = Line(lambda *a, **k: serve(*a, engine=gate, **k), strip_bundle, tmp_path)
    gate.begun.clear()
    yield line, gate
    gate.go.set()
    line.close()


def test_one_change_at_a_time(gated: tuple[Line, Gate], slack_bundle: Bundle, info_of: Any) -> None:
    """While one is under way another is ABORTED at once, and the first comes to its end."""
    line, gate = gated
    line.put(slack_bundle, "second")
    gate.go.clear()
    asked = pb.ActivateBundleRequest(bundle_id=slack_bundle.bundle_id, who="A", why="B")
    first = line.calls.ActivateBundle.future(asked, timeout=FAR_S)
    assert gate.begun.wait(FAR_S)
    assert refused(lambda: line.activate(slack_bundle.bundle_id), info_of) == ("ABORTED", "BUNDLE_CHANGING")
    gate.go.set()
    assert first.result().bundle.bundle_id == slack_bundle.bundle_id


def test_a_lot_that_is_opened_meanwhile_keeps_its_bundle(
    gated: tuple[Line, Gate], strip_bundle: Bundle, slack_bundle: Bundle, info_of: Any
) -> None:
    """It is asked again when the new bundle is about to take over."""
    line, gate = gated
    line.put(slack_bundle, "second")
    gate.go.clear()
    asked = pb.ActivateBundleRequest(bundle_id=slack_bundle.bundle_id, who="A", why="B")
    change = line.calls.ActivateBundle.future(asked, timeout=FAR_S)
    assert gate.begun.wait(FAR_S)
    LotServiceStub(line.channel).OpenLot(OpenLotRequest(lot_id="L-8", product="small-5x4", who="C"), timeout=FAR_S)
    gate.go.set()
    assert refused(change.result, info_of) == ("FAILED_PRECONDITION", "LOT_OPEN")
    assert line.server.station.live.bundle.bundle_id == strip_bundle.bundle_id


def test_an_engine_that_fails_is_the_new_bundles_own_matter(
    gated: tuple[Line, Gate], strip_bundle: Bundle, slack_bundle: Bundle, info_of: Any
) -> None:
    """The change ends with the error, and the engine that inspects goes on."""
    line, gate = gated
    line.put(slack_bundle, "second")
    gate.fails = True
    assert refused(lambda: line.activate(slack_bundle.bundle_id), info_of) == ("INTERNAL", "ENGINE_FAILED")
    status = line.server.station.status()
    assert (status.readiness, status.bundle.bundle_id) == ("SERVING", strip_bundle.bundle_id)
    assert len(line.events("bundle_refused")) == 1
