"""What a hostile picture may cost."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.frame import FrameData, PixelFormat, crc32c
from stripsight.inspection.v1 import inspection_pb2 as pb

FAR_S = 60.0
SIDE_PX = 20_000  # 400 MB as pixels, 390 kB as a PNG
MOST_KIB = 100_000


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width_px: int, height_px: int) -> bytes:
    """Write a PNG whose data inflate to 400 MB, whatever its header says."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(SIDE_PX + 1)) for _ in range(SIDE_PX)) + packer.flush()
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def peak_kib(pid: int) -> int:
    """Return the most memory that a process has ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


@pytest.mark.parametrize("honest", [True, False], ids=["by its header", "behind a header that is right"])
def test_a_bomb_is_refused_and_costs_no_memory(
    *, honest: bool, start: Any, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """Row 10: 400 MB of pixels in 390 kB, whether the header says so or not: refused, and a quarter is never used."""
    frame, recipe = strip_bundle.recipe.frame, strip_bundle.recipe
    size = (SIDE_PX, SIDE_PX) if honest else (frame.width_px, frame.height_px)
    data, good = bomb(*size), strip(recipe, 101)
    server = start(strip_bundle.path).started()
    bad = replace(good[1], data=data, pixel_format=PixelFormat.PNG, crc32c=crc32c(data))
    ids: dict[str, Any] = {"strip_id": "S", "lot_id": "L", "product": recipe.product.name, "timeout_s": FAR_S}
    with Client(server.target) as client:
        first: Answer = client.inspect(good, **ids, strip_seq=1)
        before = peak_kib(server.process.pid)
        with pytest.raises(ServiceError) as refused:
            client.inspect((good[0], bad, good[2]), **ids, strip_seq=2)
        after = peak_kib(server.process.pid)
    assert first.reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert refused.value.reason in ("FRAME_SIZE", "FRAME_UNREADABLE")
    assert refused.value.code == "INVALID_ARGUMENT"
    assert after - before < MOST_KIB
