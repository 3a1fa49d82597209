"""Who gets in, and who does not, on a real server."""

import signal
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import pytest

from stripsight.access.roles import Role
from stripsight.bundle import Bundle
from stripsight.certificates.folder import CA, CERTIFICATE, KEY, write_pair
from stripsight.certificates.issue import Pair, Validity, issue_caller, issue_server, make_authority
from stripsight.certificates.watch import utc_now
from stripsight.client import Answer, Client, ServiceError
from stripsight.client.bundles import BundleClient
from stripsight.client.lots import LotClient
from stripsight.inspection.v1.inspection_service_pb2 import ACCESS_PLAINTEXT, GetStatusRequest
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Event, EventKind

FAR_S = 60.0
ERROR = 2
DAY = timedelta(days=1)

Ask = Callable[..., Answer]
Connect = Callable[..., Client]
Start = Callable[..., Any]


def settings_of(folder: Path) -> dict[str, Path]:
    """Return the settings of a server whose files lie in a folder."""
    return {"tls_cert": folder / CERTIFICATE, "tls_key": folder / KEY, "tls_client_ca": folder / CA}


def events(folder: Path, kind: EventKind) -> list[dict[str, Any]]:
    """Return the facts of all events of a kind, after a look whether the record is good."""
    reader = Reader(folder)
    assert reader.verify().fault is None
    found = [kept.entry.body for kept in reader.find(Wanted(kinds=(kind,)))]
    reader.close()
    return [dict(body.facts) for body in found if isinstance(body, Event)]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a certificate."""
    return sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).hexdigest()


def stopped(server: Any) -> None:
    """Ask a server to end."""
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0


@contextmanager
def stranger(kind: str, target: str, authority: Pair) -> Iterator[grpc.Channel]:
    """Open a channel of somebody who must not get in."""
    now, ca = utc_now(), authority.certificate_pem
    callers = {
        "another CA": (make_authority("plant", Validity(now, DAY)), Validity(now, DAY)),
        "expired": (authority, Validity(now - 2 * DAY, DAY)),
        "not yet valid": (authority, Validity(now + DAY, DAY)),
    }
    if kind == "plain text":
        channel = grpc.insecure_channel(target)
    elif kind == "no certificate":
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(ca))
    else:
        pair = issue_caller(callers[kind][0], "stranger", list(Role), callers[kind][1])
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(ca, pair.key_pem, pair.certificate_pem))
    with channel:
        yield channel


@pytest.fixture(scope="module")
def authority() -> Pair:
    """The plant's authority."""
    return make_authority("plant", Validity(utc_now(), 90 * DAY))


@pytest.fixture(scope="module")
def plant(authority: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of certificates: server/ and one for each role."""
    folder, validity = tmp_path_factory.mktemp("plant"), Validity(utc_now(), 90 * DAY)
    write_pair(folder / "server", issue_server(authority, ["localhost", "127.0.0.1"], validity), authority)
    for role in Role:
        write_pair(folder / role, issue_caller(authority, role, [role], validity), authority)
    return folder


STRANGERS = ["plain text", "no certificate", "another CA", "expired", "not yet valid"]


def test_whoever_has_no_good_certificate_gets_no_word_and_is_on_record(
    start: Start, strip_bundle: Bundle, plant: Path, authority: Pair, tmp_path: Path
) -> None:
    """Row 23: no certificate, another CA's, one before or after its time, plain text: no answer, counted, recorded."""
    server = start(strip_bundle.path, record_dir=tmp_path, **settings_of(plant / "server")).started()
    for kind in STRANGERS:
        with stranger(kind, server.target, authority) as channel, pytest.raises(grpc.RpcError) as error:
            InspectionServiceStub(channel).GetStatus(GetStatusRequest(), timeout=FAR_S)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE, kind
    with Client(server.target, plant / Role.VIEW) as client:
        assert client.is_serving()
    stopped(server)
    refusals = events(tmp_path, EventKind.ACCESS_REFUSED)
    assert {facts["reason"] for facts in refusals} == {"NO_CALL"}
    assert sum(facts["count"] for facts in refusals) == len(STRANGERS)
    assert len(refusals) == 2
    (used,) = events(tmp_path, EventKind.CERTIFICATES)
    assert used["server_sha256"] == digest_of(plant / "server" / CERTIFICATE)


def test_a_wrong_role_is_refused_and_on_record_without_a_flood(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle, plant: Path
) -> None:
    """Row 23: fifty calls are two events, with who, from where and for what, and no strip; the metric counts each."""
    server = start(strip_bundle.path, **settings_of(plant / "server")).started()
    client = connect(server.target, plant / Role.VIEW)
    for _ in range(50):
        with pytest.raises(ServiceError) as refused:
            ask(client)
        assert (refused.value.code, refused.value.reason) == ("PERMISSION_DENIED", "ROLE_MISSING")
    scraped = urlopen(f"http://{server.metrics}/metrics").read().decode()
    assert 'stripsight_access_refused_total{reason="ROLE_MISSING"} 50.0' in scraped
    assert 'stripsight_access_refused_total{reason="NO_CALL"} 0.0' in scraped
    assert ask(connect(server.target, plant / Role.INSPECT)).reply.inspection.record_seq
    stopped(server)
    method = "/stripsight.inspection.v1.InspectionService/InspectStrip"
    told = {"reason": "ROLE_MISSING", "caller": "view", "address": "127.0.0.1", "method": method}
    assert events(server.record_dir, EventKind.ACCESS_REFUSED) == [told | {"count": 1}, told | {"count": 49}]


def test_the_record_says_whose_certificate_changed_something(start: Start, strip_bundle: Bundle, plant: Path) -> None:
    """Beside the name that the call gives, which nothing proves."""
    server = start(strip_bundle.path, **settings_of(plant / "server")).started()
    with LotClient(server.target, plant / Role.OPERATE) as client:
        client.open_lot("L-1", product=strip_bundle.recipe.product.name, who="Ada")
        client.challenge()
        client.close_lot("L-1", who="Ada")
    engineer = BundleClient(server.target, plant / Role.ENGINEER)
    with engineer, pytest.raises(ServiceError, match="BUNDLE_UNKNOWN"):
        engineer.activate("0" * 64, who="Bo", why="a trial")
    stopped(server)
    (refused,) = events(server.record_dir, EventKind.BUNDLE_REFUSED)
    assert (refused["who"], refused["caller"]) == ("Bo", "engineer")
    for kind in (EventKind.LOT_OPENED, EventKind.LOT_CLOSED):
        (facts,) = events(server.record_dir, kind)
        assert (facts["who"], facts["caller"]) == ("Ada", "operate")
    runs = events(server.record_dir, EventKind.CHALLENGE)
    by = {run["occasion"]: run["who"] for run in runs if run["who"]}
    assert by == {"START": "Ada", "CALL": "operate", "END": "Ada"}


def test_plain_text_leaves_the_machine_only_where_it_is_allowed_by_name(
    start: Start, connect: Connect, strip_bundle: Bundle
) -> None:
    """Refused at the start with a plain message; allowed, the log and the status say so."""
    refused = start(strip_bundle.path, listen="0.0.0.0:0")
    assert refused.ended() == ERROR
    assert "without TLS the service listens on this machine only, and listen is 0.0.0.0:0" in refused.stderr
    server = start(strip_bundle.path, listen="0.0.0.0:0", allow_plaintext=1).started()
    assert server.where["access"] == "PLAINTEXT"
    assert connect(server.target.replace("0.0.0.0", "127.0.0.1")).status().access == ACCESS_PLAINTEXT


def test_files_that_cannot_work_stop_the_start(start: Start, strip_bundle: Bundle, plant: Path) -> None:
    """With a message that names the file."""
    wrong = settings_of(plant / "server") | {"tls_key": plant / Role.VIEW / KEY}
    server = start(strip_bundle.path, **wrong)
    assert server.ended() == ERROR
    assert f"CERTIFICATE_INVALID: {plant / Role.VIEW / KEY}: expected the key of" in server.stderr


def test_a_caller_whose_certificate_ends_soon_is_told_before(
    start: Start, strip_bundle: Bundle, plant: Path, authority: Pair, tmp_path: Path
) -> None:
    """As an alarm with its name and in the metrics, since from then on its calls would be refused."""
    end = utc_now().replace(microsecond=0) + 20 * DAY
    pair = issue_caller(authority, "machine-1", [Role.INSPECT], Validity(end - 90 * DAY, 90 * DAY))
    write_pair(tmp_path, pair, authority)
    server = start(strip_bundle.path, **settings_of(plant / "server")).started()
    with Client(server.target, tmp_path) as client:
        (alarm,) = client.status().alarms
    assert (alarm.code, "caller machine-1's certificate ends" in alarm.message) == ("CERTIFICATE_EXPIRES", True)
    scraped = urlopen(f"http://{server.metrics}/metrics").read().decode()
    told = dict(line.rsplit(" ", 1) for line in scraped.splitlines() if line.startswith("stripsight_certificate_not"))
    assert float(told['stripsight_certificate_not_after_seconds{which="caller"}']) == end.timestamp()
