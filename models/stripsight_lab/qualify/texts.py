"""The sentences of the report that depend on what was found. Pure."""

import math
from collections.abc import Iterator

from stripsight_lab.qualify import words
from stripsight_lab.qualify.facts import Facts
from stripsight_lab.qualify.inputs import ReportInputs
from stripsight_lab.qualify.knapp import KnappKushner
from stripsight_lab.qualify.outcomes import Met
from stripsight_lab.qualify.panel import Panel

HEADLINES = {
    Met.MET: "Meets all acceptance criteria",
    Met.NOT_MET: "Does not meet its acceptance criteria",
    Met.NOT_SHOWN: "Not all acceptance criteria were tested",
}


def subline(inputs: ReportInputs, facts: Facts) -> str:
    """How many criteria are met, which are not, and what simulated data is worth."""
    asked = [each for each in facts.outcomes if each.met is not Met.INFORMATION]
    met = sum(each.met is Met.MET for each in asked)
    lines = [f"{met} of {len(asked)} criteria are met."]
    for kind in (Met.NOT_MET, Met.NOT_SHOWN):
        names = [each.name for each in asked if each.met is kind]
        lines += [f"{str(kind).capitalize()}: {'; '.join(names)}."] if names else []
    if inputs.simulated_product or (inputs.panel and inputs.panel.simulated):
        lines.append("With simulated data this rehearses the procedure. It qualifies nothing.")
    return " ".join(lines)


def conclusion(found: KnappKushner) -> str:
    """Whether the machine passes the Knapp-Kushner procedure, and how sure that is."""
    if found.qualifies is None:
        return "No unit lies in the manual reject zone: nothing can be concluded."
    machine, people = words.share(found.rze_machine.value), words.share(found.rze_manual.value)
    relation = "at least" if found.qualifies else "below"
    sure = f"It is at least that in {100 * found.share_at_least:.1f} % of the resamples."
    low, high = found.difference.low, found.difference.high
    told = low > 0 or high < 0 or low == high
    apart = "" if told else " The interval of the difference holds 0: this kit cannot tell the two apart."
    if math.isnan(low):
        apart = " A single unit gives no interval."
    return f"The machine's RZE, {machine}, is {relation} the manual RZE, {people}. {sure}{apart}"


def panel_text(panel: Panel) -> str:
    """Who inspected how often, and the hash of the file that says so."""
    counts = panel.inspections.inspected
    each = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    who = "simulated inspectors" if panel.simulated else "inspectors"
    first = f"Manual results: {counts.sum():,} inspections, {each} of each unit, by {len(panel.inspectors)} {who}"
    return f"{first}; file sha256 {panel.digest}."


def limits(inputs: ReportInputs, facts: Facts) -> Iterator[str]:
    """What this test cannot show, and what the author of the bundle knows of it."""
    good = sum(not unit.kind for unit in facts.units)
    defective = len(facts.units) - good
    if inputs.simulated_product:
        yield "The product is simulated. A real strip may hold what the simulated line does not, in both directions."
    if inputs.panel and inputs.panel.simulated:
        yield "The manual results are simulated. The comparison with people has been rehearsed and not made."
    if good and defective:
        yield (
            f"At 95 % confidence, {good} good units without a false reject show a false-reject rate below "
            f"{1 - 0.05 ** (1 / good):.3f}, and {defective} defective ones without a miss a detection rate above "
            f"{0.05 ** (1 / defective):.3f}. This kit can show nothing better."
        )
    yield "Kinds of defect that are not in the kit were not tested."
    yield "The kit was acquired with one machine at one time: no change of light or material over months is in it."
    yield from inputs.limits
