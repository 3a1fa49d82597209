"""Freed memory stays in the process."""

import subprocess
import sys

FAULTS = """
import resource, sys
import numpy as np
from stripsight.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    return [np.full(12_000_000, 1.0, np.float32) for _ in range(2)]  # 48 MB: more than malloc keeps by itself
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_what_is_freed_is_not_mapped_again() -> None:
    """Twenty rounds of 96 MB cost a page fault for each page, or few."""
    faults = {}
    for how in ("keep", "give back"):
        ended = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
        faults[how] = int(ended.stdout)
    assert faults["keep"] < 0.3 * faults["give back"], faults
