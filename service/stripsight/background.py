"""Threads beside those that inspect."""

import os
import sys
import threading

# A tenth of the share that the inspecting threads get of a core, where both want it. No less: one that holds Python's
# interpreter lock has to get on, or it holds up whoever waits for that.
_NICE = 10


def lower_priority() -> None:
    """Let the thread that calls this run after those that inspect, where the system knows priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
