"""How good a bundle is on a kit it has never seen. Pure: scores, truth and thresholds in, counts and rates out.

Data flows down: judged, curve, patches, runs, severity, pixels, evaluation, layout, tables and tuning_tables.
scikit-learn is imported where it is used: the demo counts with `Rate` and is installed without it.
"""

from stripsight_lab.evaluate.curve import auroc
from stripsight_lab.evaluate.evaluation import Evaluation, evaluate
from stripsight_lab.evaluate.judged import Judged
from stripsight_lab.evaluate.pixels import ProCurve
from stripsight_lab.tune.rates import Rate

__all__ = ["Evaluation", "Judged", "ProCurve", "Rate", "auroc", "evaluate"]
