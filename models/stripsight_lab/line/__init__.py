"""The simulated line: strips that can be acquired again and again, with every defect that the paper shows."""

from stripsight_lab.line.defects import Defect, DefectKind
from stripsight_lab.line.kit import KitItem, random_kit
from stripsight_lab.line.strip import Acquisition, Strip

__all__ = ["Acquisition", "Defect", "DefectKind", "KitItem", "Strip", "random_kit"]
