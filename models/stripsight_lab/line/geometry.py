"""Where the vials and their regions lie in a frame. All boxes are half-open, in px of the frame."""

FRAME_WIDTH_PX = 1920
FRAME_HEIGHT_PX = 1080
VIALS = 5
REGIONS = ("R0", "R1", "R2", "R3")
FRAMES_PER_ACQUISITION = 16
INSPECTED_FRAMES = (0, 7, 15)

REGION_SIZE_PX = 256
VIAL_WIDTH_PX = REGION_SIZE_PX
VIAL_HEIGHT_PX = REGION_SIZE_PX * len(REGIONS)
VIAL_PITCH_PX = 340
VIAL_TOP_PX = 28

Box = tuple[int, int, int, int]


def vial_origin(vial: int) -> tuple[int, int]:
    """Left and top of the box of `vial` (0 to 4) in the frame; IndexError for any other vial."""
    if not 0 <= vial < VIALS:
        raise IndexError(f"vial {vial} is not one of 0 to {VIALS - 1}")
    centre = FRAME_WIDTH_PX // 2 + (vial - VIALS // 2) * VIAL_PITCH_PX
    return centre - VIAL_WIDTH_PX // 2, VIAL_TOP_PX


def region_box(vial: int, region: str) -> Box:
    """Left, top, right, bottom of a region of a vial; ValueError for a region that is not one of REGIONS."""
    if region not in REGIONS:
        raise ValueError(f"region {region} is not one of {', '.join(REGIONS)}")
    left, top = vial_origin(vial)
    row = top + REGIONS.index(region) * REGION_SIZE_PX
    return left, row, left + REGION_SIZE_PX, row + REGION_SIZE_PX
