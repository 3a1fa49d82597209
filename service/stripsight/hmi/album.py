"""Pictures kept in memory, a bounded number: those of the last strips, and those of the rejects on the filmstrip."""

import threading
from collections import OrderedDict

from stripsight.hmi.snapshot import FILM, Shot
from stripsight.hmi.strip import Strip
from stripsight.inspection.v1 import record_service_pb2 as record_pb

RECENT = 16


class Album:
    """Pictures by record number. From any thread."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._recent: OrderedDict[int, record_pb.Pictures] = OrderedDict()
        self._rejects: OrderedDict[int, record_pb.Pictures] = OrderedDict()

    def keep(self, pictures: record_pb.Pictures, *, reject: bool) -> None:
        """Keep the pictures of a strip; the oldest of their kind go. None with heatmaps gives way to one without."""
        shelf, most = (self._rejects, FILM) if reject else (self._recent, RECENT)
        with self._lock:
            before = shelf.get(pictures.record_seq)
            if before is not None and before.heatmaps and not pictures.heatmaps:
                return
            shelf[pictures.record_seq] = pictures
            while len(shelf) > most:
                shelf.popitem(last=False)

    def find(self, record_seq: int) -> record_pb.Pictures | None:
        """Return a strip's pictures; None when they are not kept here."""
        with self._lock:
            return self._recent.get(record_seq) or self._rejects.get(record_seq)


def shot_of(strip: Strip, pictures: record_pb.Pictures) -> Shot:
    """Say which pictures there are of a strip."""
    return Shot(
        strip,
        tuple(frame.frame_index for frame in pictures.frames),
        tuple((heat.frame_index, heat.vial, heat.region) for heat in pictures.heatmaps),
        pictures.missing,
    )


def frame_png(pictures: record_pb.Pictures, index: int) -> bytes | None:
    """Return the picture of a frame as PNG; None when it is not there."""
    return next((frame.png for frame in pictures.frames if frame.frame_index == index), None)


def heat_png(pictures: record_pb.Pictures, index: int, vial: str, region: str) -> bytes | None:
    """Return the heatmap of a patch as PNG; None when it is not there."""
    wanted = (index, vial, region)
    return next((one.png for one in pictures.heatmaps if (one.frame_index, one.vial, one.region) == wanted), None)
