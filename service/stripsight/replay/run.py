"""Strips of the past through the service's own inspection, by any bundle."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from stripsight.bundle import Bundle
from stripsight.engine import Engine
from stripsight.inspector import Inspector
from stripsight.limits import FrozenLimits
from stripsight.recipe import PixelFormat, Recipe
from stripsight.replay.compare import Left, Outcome, Tried, tried
from stripsight.replay.past import Past
from stripsight.strip import HeatmapOptions, HeatmapWhich, Inspection, StripRequest

_NO_HEATMAPS = HeatmapOptions(which=HeatmapWhich.NONE)


class Replayer:
    """Inspects past strips as a service with this bundle would, but for what their pictures do not show.

    That is when frames were taken, and whether an earlier strip had the same. Frames are taken in any format that they
    were sent in.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        """`engine` runs the bundle's graphs."""
        self._inspector = Inspector(replace(bundle, recipe=_by_pictures(bundle.recipe)), engine)

    def inspect(self, past: Past) -> Inspection:
        """Inspect a strip. Raises an InvalidRequest when its frames are not those of the bundle's product."""
        header = past.header
        request = StripRequest(
            strip_id=header.strip_id,
            lot_id=header.lot_id,
            strip_seq=header.strip_seq,
            heatmaps=_NO_HEATMAPS,
            frames=past.frames,
        )
        return self._inspector.inspect(request, math.inf)


def replay(strips: Iterable[Past | Left], after: Replayer, before: Replayer | None = None) -> Outcome:
    """Try strips by the bundle of `after`; what is not known of them before is found out by that of `before`.

    Without `before` such a strip is compared with itself. Raises what Replayer.inspect raises.
    """
    done: list[Tried] = []
    left: Counter[Left] = Counter()
    for strip in strips:
        if isinstance(strip, Left):
            left[strip] += 1
        else:
            now = after.inspect(strip)
            then = strip.before or (before.inspect(strip) if before else now)
            done.append(tried(then, now))
    return Outcome(tuple(done), left)


def _by_pictures(recipe: Recipe) -> Recipe:
    checks = recipe.checks.model_copy(update={"frozen": _within(recipe), "capture": None})
    frame = recipe.frame.model_copy(update={"pixel_formats": tuple(PixelFormat)})
    return recipe.model_copy(update={"checks": checks, "frame": frame})


def _within(recipe: Recipe) -> FrozenLimits | None:
    frozen = recipe.checks.frozen
    return frozen and frozen.model_copy(update={"remember_strips": 0})
