"""Frames and options as a client sends them."""

import struct
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Literal

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from stripsight import ahead
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

if TYPE_CHECKING:
    from stripsight.frame import FrameData  # it brings OpenCV, which a client does not need

_AHEAD_MAX = 256

Which = Literal["rejected", "all", "none"]
Style = Literal["anchored", "minmax"]


def heatmap_options(which: Which, style: Style) -> pb.HeatmapOptions:
    """Write which heatmaps are asked for, and how they are drawn."""
    return pb.HeatmapOptions(
        which=pb.HeatmapWhich.Value(f"HEATMAP_WHICH_{which.upper()}"),
        style=pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{style.upper()}"),
    )


def strip_ahead(request: service_pb.InspectStripRequest) -> tuple[tuple[str, bytes], ...]:
    """Write the metadata that name a request's strip: a service that is busy refuses it before its frames are sent."""
    header = service_pb.StripHeader(
        strip_id=request.strip_id, lot_id=request.lot_id, strip_seq=request.strip_seq, simulated=request.simulated
    )
    # gRPC drops calls with large metadata. Ids that are so long are refused with a reason when the message has come.
    return ((ahead.STRIP, header.SerializeToString()),) if header.ByteSize() <= _AHEAD_MAX else ()


def frame_message(frame: "pb.Frame | FrameData | NDArray[np.uint8]", indices: Sequence[int], position: int) -> pb.Frame:
    """Write one frame. Raises ValueError for an array that is not uint8 [H, W], or has no index."""
    if isinstance(frame, pb.Frame):
        return frame
    if not isinstance(frame, np.ndarray):
        message = pb.Frame(
            index=frame.index,
            data=frame.data,
            pixel_format=pb.PixelFormat.Value(f"PIXEL_FORMAT_{frame.pixel_format}"),
            width_px=frame.width_px,
            height_px=frame.height_px,
            crc32c=frame.crc32c,
        )
        if frame.capture_time is not None:
            message.capture_time.FromDatetime(frame.capture_time.astimezone(UTC))
        return message
    if frame.ndim != 2 or frame.dtype != np.uint8:
        raise ValueError(f"frame {position}: expected uint8 [H, W], found {frame.dtype} {list(frame.shape)}")
    if position >= len(indices):
        raise ValueError(f"frame {position}: expected as many indices as frames, found {len(indices)}")
    data = frame.tobytes()
    height, width = frame.shape
    return pb.Frame(
        index=indices[position],
        data=data,
        pixel_format=pb.PIXEL_FORMAT_MONO8,
        width_px=width,
        height_px=height,
        crc32c=google_crc32c.value(data),
    )


def png_message(index: int, data: bytes) -> pb.Frame:
    """Write a frame out of a PNG file's bytes. Raises ValueError when they do not begin as a PNG does."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        raise ValueError(
            f"frame {index}: expected a PNG file, found one that begins with {data[:8].hex() or 'nothing'}"
        )
    width, height = struct.unpack_from(">II", data, 16)
    return pb.Frame(
        index=index,
        data=data,
        pixel_format=pb.PIXEL_FORMAT_PNG,
        width_px=width,
        height_px=height,
        crc32c=google_crc32c.value(data),
    )
