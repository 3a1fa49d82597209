"""Run a command where only one folder can be written, with hardly an environment: a program for `unshare --mount`.

    unshare --mount python read_only.py WRITABLE FOLDER COMMAND...

FOLDER is where the command begins; "gone" is a folder that was removed. It gets PATH, PYTHONPATH and STRIPSIGHT_* of
its environment, the C locale, and no HOME. Ends with 99 when another folder can be written after all.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

KEPT = ("PATH", "PYTHONPATH", "STRIPSIGHT_")


def lock(writable: Path) -> None:
    """Make every mount of this namespace read-only but `writable`."""
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    subprocess.run(["mount", "--bind", writable, writable], check=True)
    for mount in set(mounts):
        subprocess.run(["mount", "-o", "remount,bind,ro", mount], check=False, stderr=subprocess.DEVNULL)


def can_write(folder: Path) -> bool:
    """Whether a file can be made in it."""
    with suppress(OSError):
        (folder / "stripsight-test").touch()
        (folder / "stripsight-test").unlink()
        return True
    return False


def enter(folder: str, writable: Path) -> None:
    """Make `folder` the current one, or one that is there no more."""
    if folder == "gone":
        gone = writable / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
    else:
        os.chdir(folder)


if __name__ == "__main__":
    writable, folder, command = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    lock(writable)
    elsewhere = (Path("/"), Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path.home(), writable.parent)
    if not can_write(writable) or any(map(can_write, elsewhere)):
        sys.exit(99)
    enter(folder, writable)
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    os.execvpe(command[0], command, kept | {"LC_ALL": "C"})
