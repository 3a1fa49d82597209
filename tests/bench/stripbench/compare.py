"""What changed from one report to another. Pure."""

from stripbench.grids import Grid
from stripbench.percentiles import percentile, ratio
from stripbench.report import Report, Series

_SHARES = {"p50": 0.5, "p99": 0.99}
_FEWEST = 2


def differences(before: Report, after: Report) -> list[str]:
    """What besides the code differs, in words: then a change of the figures may come from that."""
    pairs = [
        (
            "machine",
            f"{before.facts.machine}, {before.facts.cores} cores",
            f"{after.facts.machine}, {after.facts.cores} cores",
        ),
        ("provider", before.facts.provider, after.facts.provider),
        ("bundle", before.facts.bundle_id[:12], after.facts.bundle_id[:12]),
        ("threads", before.settings.threads, after.settings.threads),
        ("cadence in ms", before.settings.cadence_ms, after.settings.cadence_ms),
    ]
    return [f"{name}: {old} before, {new} after" for name, old, new in pairs if old != new]


def changes(before: Report, after: Report) -> Grid:
    """Each figure that both have, as after / before, with its interval."""
    rows = []
    for phase, contestants in after.phases.items():
        for name, series in contestants.items():
            old = before.phases.get(phase, {}).get(name)
            if old is not None:
                rows += [row for what, a, b in _columns(old, series) for row in _rows(f"{phase}: {name}, {what}", a, b)]
    cold, was = after.cold_start, before.cold_start
    rows += _rows("cold start, ready", *([1e3 * s for s in start.to_serving_s] for start in (was, cold)))
    rows += _rows("cold start, first strip", was.first_strip_ms, cold.first_strip_ms)
    header = ["figure", "before", "after", "after / before (95 %)", "changed"]
    return Grid("After against before, ms", header, rows)


def _columns(old: Series, new: Series) -> list[tuple[str, list[float], list[float]]]:
    shared = [stage for stage in new.stages_ms if stage in old.stages_ms]
    stages = [(stage, old.stages_ms[stage], new.stages_ms[stage]) for stage in shared]
    return [("round trip", old.round_trip_ms, new.round_trip_ms), ("CPU", old.cpu_ms, new.cpu_ms), *stages]


def _rows(what: str, old: list[float], new: list[float]) -> list[list[str]]:
    """The percentiles of one column; none where there is too little to divide."""
    if min(len(old), len(new)) < _FEWEST or min(percentile(old, 0.01), percentile(new, 0.01)) <= 0:
        return []
    rows = []
    for name, share in _SHARES.items():
        found = ratio(new, old, share)
        changed = "" if found.low <= 1 <= found.high else "slower" if found.value > 1 else "faster"
        values = [f"{float(percentile(values, share)):.2f}" for values in (old, new)]
        rows.append([f"{what} {name}", *values, f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})", changed])
    return rows
