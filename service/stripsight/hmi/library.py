"""Pictures of any strip: out of memory where they are, else out of the record, one strip after another."""

import threading
from collections.abc import Callable

from stripsight.hmi.album import Album, frame_png, heat_png
from stripsight.hmi.service import FULL, SMALL, VIEW, Service
from stripsight.hmi.strip import Outcome, strip_of
from stripsight.inspection.v1 import record_service_pb2 as record_pb

_Find = Callable[[record_pb.Pictures], bytes | None]


class Library:
    """Finds pictures. From any thread; each method may raise ServiceError.

    However many browsers ask, the service is asked for one strip at a time, and for the same strip once.
    """

    def __init__(self, service: Service, album: Album) -> None:
        """Look into `album` first, and put there what the service had."""
        self._service = service
        self._album = album
        self._turn = threading.Lock()

    def frame(self, record_seq: int, index: int) -> bytes | None:
        """Return a frame made smaller, as PNG; None when it is not kept."""
        return self._find(record_seq, SMALL, lambda pictures: frame_png(pictures, index))

    def heat(self, record_seq: int, index: int, vial: str, region: str) -> bytes | None:
        """Return the heatmap of a patch as PNG; None when there is none."""
        return self._find(record_seq, VIEW, lambda pictures: heat_png(pictures, index, vial, region))

    def full_frame(self, record_seq: int, index: int) -> bytes | None:
        """Return a frame in all its pixels, as PNG; None when it is not kept."""
        with self._turn:
            return frame_png(self._service.get(record_seq, FULL).pictures, index)

    def strip(self, record_seq: int) -> record_pb.GetInspectionResponse:
        """Return a strip with its pictures, which are then in memory."""
        kept = self._album.find(record_seq)
        if kept is None or not kept.heatmaps:
            return self._fetch(record_seq, VIEW)
        found = self._service.get(record_seq)
        found.pictures.CopyFrom(kept)
        return found

    def _find(self, record_seq: int, options: record_pb.PictureOptions, find: _Find) -> bytes | None:
        png = self._kept(record_seq, find)
        if png is None:
            with self._turn:
                png = self._kept(record_seq, find) or find(self._fetch(record_seq, options).pictures)
        return png

    def _kept(self, record_seq: int, find: _Find) -> bytes | None:
        pictures = self._album.find(record_seq)
        return find(pictures) if pictures is not None else None

    def _fetch(self, record_seq: int, options: record_pb.PictureOptions) -> record_pb.GetInspectionResponse:
        found = self._service.get(record_seq, options)
        self._album.keep(found.pictures, reject=strip_of(found.inspection).outcome is not Outcome.ACCEPT)
        return found
