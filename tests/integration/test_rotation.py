"""Certificates that change while strips stream in, on a real server."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from stripsight.access.roles import Role
from stripsight.bundle import Bundle
from stripsight.certificates.folder import CA, CERTIFICATE, KEY, write_pair
from stripsight.certificates.issue import Pair, Validity, issue_caller, issue_server, make_authority
from stripsight.certificates.watch import utc_now
from stripsight.client import Answer, Client, ServiceError, is_accept, regions_of
from stripsight.frame import FrameData

FAR_S = 60.0
HOSTS = ["localhost", "127.0.0.1"]
VALIDITY = Validity(utc_now(), timedelta(days=90))

Connect = Callable[..., Client]
Start = Callable[..., Any]


class Load:
    """Strips that stream in one after the other, through one client, until `end`."""

    def __init__(self, client: Client, bundle: Bundle, frames: tuple[FrameData, ...]) -> None:
        """Begin."""
        self._client, self._bundle, self._frames = client, bundle, frames
        self._end = threading.Event()
        self._told = threading.Condition()
        self.accepted = 0
        self.other: list[object] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def further(self) -> None:
        """Return once a strip that began after this call has been accepted, or one has not been."""
        aim = self.accepted + 2
        with self._told:
            assert self._told.wait_for(lambda: self.accepted >= aim or self.other, FAR_S)

    def end(self) -> None:
        """Finish the strip under way."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        status = self._client.status()
        bundle_id, regions = status.bundle_id, regions_of(status.product)
        while not self._end.is_set() and not self.other:
            try:
                answer = self._strip()
            except ServiceError as error:
                self._count(error)
                continue
            times = {"elapsed_s": answer.elapsed_s, "slot_s": FAR_S}
            good = is_accept(answer.request, answer.reply, bundle_id=bundle_id, regions=regions, **times)
            self._count(None if good else answer.reply)

    def _count(self, other: object) -> None:
        with self._told:
            if other is None:
                self.accepted += 1
            else:
                self.other.append(other)
            self._told.notify()

    def _strip(self) -> Answer:
        seq = self.accepted + 1
        product = self._bundle.recipe.product.name
        with self._client.stream(
            strip_id=f"S-{seq}", lot_id="L-1", strip_seq=seq, product=product, timeout_s=FAR_S
        ) as stream:
            for frame in self._frames:
                stream.send(frame)
            return stream.answer()


class Plant:
    """A server, two authorities of which it knows the first, and a caller of each: `old` and `new`."""

    def __init__(self, start: Start, bundle: Bundle, folder: Path) -> None:
        """Write all files and start the server."""
        self.first, self.second = (make_authority(name, VALIDITY) for name in ("first", "second"))
        self.files, self.old, self.new = (folder / name for name in ("server", "old", "new"))
        self.renew()
        for caller, authority in ((self.old, self.first), (self.new, self.second)):
            write_pair(caller, issue_caller(authority, caller.name, list(Role), VALIDITY), self.first)
        files = {"tls_cert": CERTIFICATE, "tls_key": KEY, "tls_client_ca": CA}
        settings = {name: self.files / file for name, file in files.items()}
        self.server = start(bundle.path, waiting=4, **settings).started()
        self.target = str(self.server.target)

    def renew(self) -> Pair:
        """Put a new certificate in the place of the server's."""
        return self.put(issue_server(self.first, HOSTS, VALIDITY))

    def put(self, pair: Pair) -> Pair:
        """Put a certificate and its key in the place of the server's."""
        write_pair(self.files, pair, self.first)
        return pair

    def lets_in(self, caller: Path) -> bool:
        """Connect anew and ask for the status."""
        with Client(self.target, caller) as client:
            try:
                client.status()
            except ServiceError as error:
                assert error.code == "UNAVAILABLE"
                return False
        return True

    def shows(self) -> str:
        """Connect anew and return the SHA-256 of the certificate that the server shows."""
        context = ssl.create_default_context(cafile=self.old / CA)
        context.load_cert_chain(self.old / CERTIFICATE, self.old / KEY)
        context.set_alpn_protocols(["h2"])
        host, _, port = self.target.rpartition(":")
        with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as connection:
            shown = connection.getpeercert(binary_form=True)
        assert shown is not None
        return sha256(shown).hexdigest()


def digest_of(pair: Pair) -> str:
    """Return the SHA-256 of a certificate."""
    return sha256(ssl.PEM_cert_to_DER_cert(pair.certificate_pem.decode())).hexdigest()


@pytest.fixture
def plant(start: Start, strip_bundle: Bundle, tmp_path: Path) -> Plant:
    """A server by TLS and its certificates."""
    return Plant(start, strip_bundle, tmp_path)


@pytest.fixture
def load(
    plant: Plant, connect: Connect, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> Iterator[Load]:
    """Strips that stream in during the test; each of them must have been accepted at its end."""
    load = Load(connect(plant.target, plant.old), strip_bundle, strip(strip_bundle.recipe, 101))
    yield load
    load.end()
    assert load.other == []
    assert load.accepted > 0


def test_certificates_are_replaced_under_load_without_a_restart(plant: Plant, load: Load) -> None:
    """Row 23: each new certificate is shown at the next connection, and on the log, while every strip is accepted."""
    for _ in range(5):
        pair = plant.renew()
        load.further()
        assert plant.shows() == digest_of(pair)
        assert plant.server.until("certificates")["server_sha256"] == digest_of(pair)


def test_a_broken_certificate_never_takes_over_under_load(plant: Plant, load: Load, connect: Connect) -> None:
    """Row 23: the former one stays with an alarm, until the files are good again, while every strip is accepted."""
    watching = connect(plant.target, plant.old)
    before = plant.shows()
    ended = Validity(VALIDITY.since - timedelta(days=2), timedelta(days=1))
    for breaks in (
        lambda: (plant.files / CERTIFICATE).write_bytes(b"half a file"),
        (plant.files / KEY).unlink,
        lambda: plant.put(issue_server(plant.first, HOSTS, ended)),
    ):
        breaks()
        assert [alarm.code for alarm in watching.status().alarms] == ["CERTIFICATE_BROKEN"]
        load.further()
        assert plant.shows() == before
    after = plant.renew()
    assert not watching.status().alarms
    assert plant.shows() == digest_of(after)


def test_the_ca_of_the_callers_is_replaced_under_load(plant: Plant, load: Load) -> None:
    """Row 23: first both are let in and then the new one alone; a connection that stands goes on inspecting."""
    callers = (plant.old, plant.new)
    first, second = plant.first.certificate_pem, plant.second.certificate_pem
    assert [plant.lets_in(caller) for caller in callers] == [True, False]
    for authorities, expected in ((first + second, [True, True]), (second, [False, True])):
        (plant.files / CA).write_bytes(authorities)
        assert [plant.lets_in(caller) for caller in callers] == expected
        load.further()
