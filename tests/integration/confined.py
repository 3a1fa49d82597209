"""Run a command under the restrictions of a systemd unit that the kernel enforces: system calls, sockets, memory.

    python confined.py UNIT COMMAND...

systemd itself need not run: the sets of calls are asked of systemd-analyze, the filter is libseccomp's.
"""

import ctypes
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALLOW, EPERM_FOR_THE_REST, EQUAL = 0x7FFF0000, 0x00050001, 4
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 65, 1


class Comparison(ctypes.Structure):
    """libseccomp's scmp_arg_cmp: an argument of a call and what it must be."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def calls(name: str) -> set[str]:
    """Return the calls of a set, with those of the sets in it."""
    command = ["systemd-analyze", "syscall-filter", name]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in shown.splitlines()[1:] if line.startswith(" ") and "#" not in line]
    return {each for name in names for each in (calls(name) if name.startswith("@") else {name})}


def allowed(unit: str) -> set[str]:
    """Return what the lines SystemCallFilter= of a unit leave."""
    left: set[str] = set()
    for removed, name in re.findall(r"^SystemCallFilter=(~?)(@\S+)$", unit, flags=re.MULTILINE):
        left = left - calls(name) if removed else left | calls(name)
    return left


def restrict(names: Iterable[str], families: Iterable[int]) -> None:
    """Allow these calls, sockets of these families, and nothing else, from now on in this process and its children."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(EPERM_FOR_THE_REST)))
    for name in set(names) - {"socket"}:
        number = library.seccomp_syscall_resolve_name(name.encode())
        library.seccomp_rule_add_array(rules, ctypes.c_uint32(ALLOW), number, 0, None)
    for family in families:
        is_family = Comparison(0, EQUAL, family, 0)
        number = library.seccomp_syscall_resolve_name(b"socket")
        library.seccomp_rule_add_array(rules, ctypes.c_uint32(ALLOW), number, 1, ctypes.byref(is_family))
    if library.seccomp_load(rules) != 0:
        sys.exit("the filter was refused")


if __name__ == "__main__":
    unit, command = Path(sys.argv[1]).read_text(), sys.argv[2:]
    names = allowed(unit)
    families = re.search(r"^RestrictAddressFamilies=(.*)$", unit, flags=re.MULTILINE)
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "MemoryDenyWriteExecute=yes" in unit and prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        sys.exit("the kernel does not know PR_SET_MDWE")
    restrict(names, [getattr(socket, name) for name in families[1].split()] if families else [])
    os.execvp(command[0], command)
