"""A contact sheet: whole strips, and each kind of defect at four severities with its mask beside it."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stripsight_lab.line.defects import Defect, DefectKind
from stripsight_lab.line.geometry import INSPECTED_FRAMES, REGION_SIZE_PX, VIAL_HEIGHT_PX, vial_origin
from stripsight_lab.line.raster import Byte
from stripsight_lab.line.seeds import derive
from stripsight_lab.line.strip import Acquisition, Strip

SEVERITIES = (1.0, 0.6, 0.3, 0.1)
_STRIP_WIDTH_PX = 704
_CAPTION_PX = 26


def _captioned(picture: Byte, text: str) -> Byte:
    """`picture` (uint8 [H, W, 3]) with a line of text above it."""
    band = np.full((_CAPTION_PX, picture.shape[1], 3), 255, dtype=np.uint8)
    cv2.putText(band, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([band, picture])


def _colour(grey: Byte) -> Byte:
    return np.repeat(grey[:, :, None], 3, axis=2)


def strip_row(strip: Strip, run: int, caption: str) -> Byte:
    """The three inspected frames of a strip, scaled down, side by side: uint8 BGR."""
    frames = strip.acquire(run).frames
    tall = round(_STRIP_WIDTH_PX * frames.shape[1] / frames.shape[2])
    small = [cv2.resize(frame, (_STRIP_WIDTH_PX, tall), interpolation=cv2.INTER_AREA) for frame in frames]
    return _captioned(_colour(np.concatenate(small, axis=1)), caption)


def _clearest(taken: Acquisition) -> int:
    return int(taken.masks.sum(axis=(1, 2)).argmax())


def _crop_corner(mask: Byte, vial: int) -> tuple[int, int]:
    """Left and top of the 256 px crop of `vial` that holds the mask in its middle."""
    left, top = vial_origin(vial)
    rows = np.flatnonzero(mask.any(axis=1))
    middle = int(rows.mean()) if rows.size else top + VIAL_HEIGHT_PX // 2
    return left, min(max(middle - REGION_SIZE_PX // 2, top), top + VIAL_HEIGHT_PX - REGION_SIZE_PX)


def defect_pair(strip: Strip, run: int) -> Byte:
    """A crop of a defect in the frame that shows it best, and again with its mask in red: uint8 BGR."""
    if strip.defect is None:
        raise ValueError("the strip has no defect")
    taken = strip.acquire(run)
    place = _clearest(taken)
    left, top = _crop_corner(taken.masks[place], strip.defect.vial)
    box = (slice(top, top + REGION_SIZE_PX), slice(left, left + REGION_SIZE_PX))
    plain = _colour(taken.frames[place][box])
    marked = plain.copy()
    outlines, _ = cv2.findContours(taken.masks[place][box], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(marked, outlines, -1, (0, 0, 255), 1)
    return np.concatenate([plain, marked], axis=1)


def defect_row(kind: DefectKind, seed: int) -> Byte:
    """One kind at the four severities, on one strip and in one place: uint8 BGR."""
    vial = derive("sheet-vial", seed) % 5
    cells: list[Byte] = []
    for severity in SEVERITIES:
        defect = Defect(kind, vial, severity, derive("sheet-defect", seed))
        pair = defect_pair(Strip.defective(derive("sheet-strip", seed), defect), run=0)
        cells.append(_captioned(pair, f"{kind.value}, {severity:.1f}"))
    return np.concatenate(cells, axis=1)


def contact_sheet(seed: int = 1, kinds: Sequence[DefectKind] = tuple(DefectKind), strips: int = 3) -> Byte:
    """`strips` good strips with three frames each, then a row for each kind of defect: uint8 BGR."""
    rows = [
        strip_row(Strip.good(seed + n), n, f"good strip {seed + n}, frames {INSPECTED_FRAMES}") for n in range(strips)
    ]
    rows += [defect_row(kind, derive("sheet", seed, number)) for number, kind in enumerate(kinds)]
    width = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, 6), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    return np.concatenate(padded)


def write_sheet(out: Path, seed: int = 1, kinds: Sequence[DefectKind] = tuple(DefectKind), strips: int = 3) -> None:
    """Write a contact sheet as a PNG file."""
    done, data = cv2.imencode(".png", contact_sheet(seed, kinds, strips))
    if not done:
        raise RuntimeError("the sheet could not be encoded")
    out.write_bytes(data.tobytes())


def main() -> None:
    """Write a contact sheet: python -m stripsight_lab.line.sheet OUT.png [--seed N]."""
    parser = argparse.ArgumentParser(description="Write a contact sheet of the simulated line.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write_sheet(given.out, given.seed)


if __name__ == "__main__":
    main()
