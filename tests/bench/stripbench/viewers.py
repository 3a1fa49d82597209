"""Those who view the service's inspections, with pictures, in a process of their own."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import grpc

from stripbench.worker import Worker, worker
from stripsight.client.records import picture_options
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceStub

VIEWERS = 20

_WIDTH_PX = 640
# A connection for each, as from 20 machines; channels of one process would share one.
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
# They stand for other machines, so they take what is left of this one.
_NICE = 19


@contextmanager
def viewers(target: str, count: int = VIEWERS) -> Iterator[Worker]:
    """Have `count` viewers watch; asked anything, the process says how many messages of each kind came."""
    with worker(run_viewers, target, count) as process:
        yield process


def run_viewers(pipe: Connection, target: str, count: int) -> None:
    """Watch until the process ends; say so once every view has begun."""
    os.nice(_NICE)
    seen = {"started": 0, "recorded": 0, "pictures": 0, "skipped": 0}
    lock, begun = threading.Lock(), threading.Semaphore(0)

    def watch() -> None:
        request = record_pb.WatchInspectionsRequest(
            pictures=picture_options(frames=True, frame_width_max_px=_WIDTH_PX, heatmaps="all")
        )
        with grpc.insecure_channel(target, options=_OPTIONS) as channel:
            for event in RecordServiceStub(channel).WatchInspections(request):
                with lock:
                    seen[event.WhichOneof("event") or ""] += 1
                    seen["skipped"] += event.skipped
                if event.HasField("started"):
                    begun.release()

    for _ in range(count):
        threading.Thread(target=watch, daemon=True).start()
    for _ in range(count):
        begun.acquire()
    pipe.send(count)
    while pipe.recv() is not None:
        with lock:
            pipe.send(dict(seen))
