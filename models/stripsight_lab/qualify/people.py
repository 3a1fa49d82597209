"""The tables beside the Knapp-Kushner figures: units in each zone, and where people reject more often. Pure."""

from collections.abc import Sequence

from stripsight_lab.evaluate.layout import Table
from stripsight_lab.qualify import words
from stripsight_lab.qualify.knapp import KnappKushner, Zone
from stripsight_lab.qualify.units import UnitResult

_SHOWN = 12


def zones_table(found: KnappKushner, units: Sequence[UnitResult]) -> Table:
    """Good and defective units in each zone. `units` are in the order of `found`."""
    pairs = [(zone, bool(unit.kind)) for zone, unit in zip(found.zones, units, strict=True)]
    rows = [
        (name, *(str(pairs.count((zone, defective))) for zone in Zone))
        for name, defective in (("good", False), ("defective", True))
    ]
    every = ("all", *(str(found.count(zone)) for zone in Zone))
    return Table("Units in each zone", ("truth", *(f"{zone} zone" for zone in Zone)), (*rows, every))


def behind_table(found: KnappKushner, units: Sequence[UnitResult], inspectors: str) -> Table:
    """Units of the manual reject zone that the machine rejects less often than `inspectors`, the widest gaps first."""
    gaps = found.machine_p - found.manual_p
    places = [i for i in gaps.argsort(kind="stable") if found.zones[i] is Zone.REJECT and gaps[i] < 0]
    rows = [
        (
            units[i].unit_id,
            units[i].kind or "good unit",
            words.severity(units[i].severity),
            words.share(float(found.manual_p[i]), 2),
            words.share(float(found.machine_p[i]), 2),
        )
        for i in places[:_SHOWN]
    ]
    first = f"The {_SHOWN} widest gaps of {len(places)}." if len(places) > _SHOWN else ""
    title = f"Units of the reject zone that {inspectors} reject more often than the machine"
    return Table(title, ("unit", "defect", "severity", f"p by {inspectors}", "p by the machine"), tuple(rows), first)
