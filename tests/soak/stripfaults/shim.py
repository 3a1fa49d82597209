"""Faults below everything that runs: shim.c, built with gcc and loaded by LD_PRELOAD.

SQLite's own writes and syncs go through it as well as Python's, so nothing in the service has to be a seam for them.
"""

import ctypes
import os
import subprocess
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
KILL = 0
"""What a call can end with beside an errno: the end of the process."""


class Call(IntEnum):
    """A kind of call that can be failed. All but SEND count only below the record's directory."""

    OPEN = 0
    WRITE = 1
    SYNC = 2
    SEND = 3


def built(folder: Path) -> Path:
    """Compile it into `folder` and return the library. Raises CalledProcessError."""
    library = folder / "shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path, under: Path, at: tuple[Call, int, int] | None = None) -> dict[str, str]:
    """Return the variables that load it: `under` is the record's directory, `at` the call, its number, and an errno.

    From that call on all of the kind fail. Without `at` it has to be armed from inside.
    """
    variables = {"LD_PRELOAD": str(library), "FAULT_UNDER": str(under)}
    return variables if at is None else variables | {"FAULT_AT": f"{at[0].name.lower()}:{at[1]}:{at[2]}"}


class Shim:
    """The library in this process, which was started with it."""

    def __init__(self) -> None:
        """Raises KeyError in a process without it."""
        self._library = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._library.calls.restype = self._library.strikes.restype = ctypes.c_long

    def watch(self, folder: Path) -> None:
        """Count what happens below `folder` from now on."""
        self._library.watch(str(folder).encode())

    def arm(self, call: Call, nth: int, what: int, *, lasting: bool = False) -> None:
        """Let the `nth` call from now on end with `what`, and all after it when `lasting`; 0 lets none."""
        self._library.arm(ctypes.c_int(call), ctypes.c_long(nth), ctypes.c_int(what), ctypes.c_int(lasting))

    def disarm(self) -> None:
        """Let every call through."""
        for call in Call:
            self.arm(call, 0, 0)

    def calls(self, call: Call) -> int:
        """Count the calls since it was armed or disarmed."""
        return int(self._library.calls(ctypes.c_int(call)))

    def strikes(self, call: Call) -> int:
        """Count the faults since this was last asked; one that lasts is one."""
        return int(self._library.strikes(ctypes.c_int(call)))

    def unsynced(self) -> int:
        """Count the open files of the record's database that hold what is not yet on disk."""
        return int(self._library.unsynced())
