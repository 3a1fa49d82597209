"""Which strips the demo sends: good and defective ones, mixed by the seed."""

from dataclasses import replace

from stripsight_lab.demo.results import Truth
from stripsight_lab.line import KitItem, random_kit
from stripsight_lab.line.seeds import derive

ONE_IN = 3


def mix(strips: int, seed: int) -> list[KitItem]:
    """`strips` strips (1 or more), one in three defective, the same for the same seed (0 or above).

    The seed passes through a digest of its own, so that no strip is one of a tuning or test kit.
    """
    defective = round(strips / ONE_IN)
    kit = random_kit(derive("demo", seed), strips - defective, defective)
    return [replace(item, strip_id=f"D{seed}-{number:04d}") for number, item in enumerate(kit, start=1)]


def truth_of(item: KitItem, vials: tuple[str, ...]) -> Truth:
    """What `item` is, its vial by the product's name for it."""
    if item.defect is None:
        return Truth()
    return Truth(str(item.defect.kind), vials[item.defect.vial], round(float(item.defect.severity), 3))
