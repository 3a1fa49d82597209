"""Keeps freed memory in the process: each strip, and each training step, frees and asks for the same megabytes again.

Given back to the system, every page is cleared and mapped anew: half of the time that a request of three frames takes
on its way through gRPC, and a sixth of a training step on a CPU.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # glibc's malloc.h


def keep_freed_memory() -> bool:
    """Tell glibc never to give memory back; return whether it will. Elsewhere nothing is done."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))
