"""The simulated machine against a server of this test's own, over the wire."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import grpc
import numpy as np
import pytest

from stripsight.client import Client
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import (
    InspectionServiceServicer,
    add_InspectionServiceServicer_to_server,
)
from stripsight_lab.demo.machine import Machine, Order
from stripsight_lab.demo.mix import mix
from stripsight_lab.demo.results import Result

FAR_S = 30.0
Answer = Callable[[service_pb.InspectStripRequest, grpc.ServicerContext], service_pb.InspectStripResponse]


class Answering(InspectionServiceServicer):
    """A service that answers as the test says."""

    def __init__(self, answer: Answer) -> None:
        """Keep how to answer."""
        self._answer = answer

    def InspectStrip(
        self, request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        """Answer."""
        return self._answer(request, context)

    def InspectFrames(
        self, request_iterator: Iterator[service_pb.InspectFramesRequest], context: grpc.ServicerContext
    ) -> Iterator[service_pb.InspectFramesResponse]:
        """Answer what the frames are as one request."""
        header = next(request_iterator).header
        request = service_pb.InspectStripRequest(
            strip_id=header.strip_id, lot_id=header.lot_id, strip_seq=header.strip_seq, product=header.product
        )
        request.frames.extend(message.frame for message in request_iterator)
        yield service_pb.InspectFramesResponse(inspection=self._answer(request, context).inspection)


@pytest.fixture
def served() -> Iterator[Callable[[Answer], Client]]:
    """Serve an answer on a free port; gives a client."""
    servers: list[grpc.Server] = []
    clients: list[Client] = []

    def serve(answer: Answer) -> Client:
        server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
        add_InspectionServiceServicer_to_server(Answering(answer), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        clients.append(Client(f"127.0.0.1:{port}"))
        return clients[-1]

    yield serve
    for client in clients:
        client.close()
    for server in servers:
        server.stop(None).wait()


def order(*, slot_s: float, cadence_s: float) -> Order:
    """One vial of one region in two frames."""
    product = service_pb.Product(name="p", frame_indices=[0, 7], vials=["V1", "V2", "V3", "V4", "V5"])
    product.regions.append("R0")
    return Order(lot_id="lot", product=product, bundle_id="b" * 64, slot_s=slot_s, cadence_s=cadence_s)


def inspection(request: service_pb.InspectStripRequest, score: float, bundle: str = "b") -> pb.Inspection:
    """An accept, or a reject, as the service writes it."""
    accept = score < 0.5
    region = pb.Region(name="R0", score=score, threshold=0.5, margin=0.5 - score, frame_index=7)
    return pb.Inspection(
        strip_id=request.strip_id,
        lot_id=request.lot_id,
        strip_seq=request.strip_seq,
        verdict=pb.VERDICT_ACCEPT if accept else pb.VERDICT_REJECT,
        causes=[] if accept else [pb.CAUSE_ANOMALY],
        vials=[pb.Vial(name=f"V{n}", regions=[region]) for n in range(1, 6)],
        stage_times=pb.StageTimes(total_ms=0),
        bundle_id=bundle * 64,
        provider=pb.PROVIDER_CPU,
        record_seq=request.strip_seq,
        record_hash=bytes(32),
    )


def run(client: Client, to: Order, strips: int, stop: threading.Event | None = None) -> list[Result]:
    """Run the machine with blank frames; the results in the strips' order."""
    results: list[Result] = []
    frames = np.zeros((strips, 2, 8, 8), np.uint8)
    Machine(client, to, lambda result, _: results.append(result)).run(mix(strips, 1), frames, stop or threading.Event())
    return sorted(results, key=lambda result: result.strip_seq)


def test_nothing_waits_for_an_answer(served: Callable[[Answer], Client]) -> None:
    """The third strip is sent although the first two have no answer: none has one before all are in."""
    all_in = threading.Barrier(3)

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        all_in.wait(FAR_S)
        return service_pb.InspectStripResponse(inspection=inspection(request, score=0.1))

    results = run(served(answer), order(slot_s=FAR_S, cadence_s=0.01), 3)
    assert [result.verdict for result in results] == ["ACCEPT"] * 3
    assert [result.due_ms for result in results] == [0, 10, 20]


def test_machine_acts_on_the_whole_answer(served: Callable[[Answer], Client]) -> None:
    """An accept of the expected bundle is acted on; one of another bundle and a reject are rejects."""

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        found = {
            1: inspection(request, score=0.1),
            2: inspection(request, score=0.1, bundle="c"),
            3: inspection(request, score=0.9),
        }[request.strip_seq]
        return service_pb.InspectStripResponse(inspection=found)

    results = run(served(answer), order(slot_s=FAR_S, cadence_s=0.01), 3)
    assert [result.accepted for result in results] == [True, False, False]
    assert [result.fail_safe for result in results] == [False, True, False]


def test_a_slot_without_an_answer_is_a_late_reject(served: Callable[[Answer], Client]) -> None:
    """The call ends with the slot: the strip is a late reject, with the error on record."""
    tested = threading.Event()

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        tested.wait(FAR_S)
        return service_pb.InspectStripResponse(inspection=inspection(request, score=0.1))

    (result,) = run(served(answer), order(slot_s=0.2, cadence_s=0.2), 1)
    tested.set()
    assert (result.accepted, result.late, result.verdict) == (False, True, "")
    assert result.error.startswith("DEADLINE_EXCEEDED")


def test_refusals_are_on_record(served: Callable[[Answer], Client]) -> None:
    """A server that refuses gives a reject with its words, which is not late."""

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")

    (result,) = run(served(answer), order(slot_s=FAR_S, cadence_s=0.01), 1)
    assert (result.accepted, result.late, result.error) == (False, False, "RESOURCE_EXHAUSTED: busy")


def test_stops_when_told(served: Callable[[Answer], Client]) -> None:
    """Once `stop` is set no further strip is sent; the one under way still gets its result."""
    stop = threading.Event()

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        stop.set()
        return service_pb.InspectStripResponse(inspection=inspection(request, score=0.1))

    results = run(served(answer), order(slot_s=FAR_S, cadence_s=FAR_S), 3, stop)
    assert [result.strip_seq for result in results] == [1]


def test_sends_frames_as_they_are_taken(served: Callable[[Answer], Client]) -> None:
    """With an acquisition time each frame goes by itself, in its order, and the last when the strip is due."""
    seen: list[service_pb.InspectStripRequest] = []

    def answer(
        request: service_pb.InspectStripRequest, context: grpc.ServicerContext
    ) -> service_pb.InspectStripResponse:
        seen.append(request)
        return service_pb.InspectStripResponse(inspection=inspection(request, score=0.1))

    to = replace(order(slot_s=FAR_S, cadence_s=0.01), acquisition_s=0.015)
    results = run(served(answer), to, 2)
    assert [result.accepted for result in results] == [True, True]
    assert [[frame.index for frame in request.frames] for request in seen] == [[0, 7], [0, 7]]
    assert [to.before_last_s(index) for index in (0, 7)] == [pytest.approx(0.007), 0.0]
    times = [frame.capture_time.ToMicroseconds() for frame in seen[0].frames]
    assert times[1] - times[0] == pytest.approx(7000, abs=2)
