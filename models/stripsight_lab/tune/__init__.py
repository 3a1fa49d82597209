"""Thresholds from a tuning kit, and what they cost. Pure: scores in, figures out.

Data flows down: settings, maxima, rates, ladder, bound, choose, tuning, what_if. scipy is imported where it is
used: the demo counts with `Rate` and is installed without it.
"""

from stripsight_lab.tune.maxima import Floats, region_maxima
from stripsight_lab.tune.settings import Balance, FalseReject, GoodOnly, MissRate, TuneSettings
from stripsight_lab.tune.tuning import RegionTuning, Tuning, tune
from stripsight_lab.tune.what_if import what_if

__all__ = [
    "Balance",
    "FalseReject",
    "Floats",
    "GoodOnly",
    "MissRate",
    "RegionTuning",
    "TuneSettings",
    "Tuning",
    "region_maxima",
    "tune",
    "what_if",
]
