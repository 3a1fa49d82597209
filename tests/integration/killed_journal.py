"""Journals that kill themselves, one after the other: `killed_journal.py <directory>`.

For each line "<first number> <strips> <point:number>" on standard input it forks a process that opens the journal and
appends strips until it is killed there, or from outside. That process writes "begun <pid>", and "strip <number> <seq>
<hash>" for each strip whose record is on disk, which is what a client would be answered. At its end comes "ended
<status>".
"""

import os
import signal
import sys
from pathlib import Path

import kill_points

from stripsight.errors import RecordError
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import Outcome, StripRecord


def failed(error: RecordError) -> None:
    """Where no failure is expected."""
    raise AssertionError(error)


def strip(number: int) -> StripRecord:
    """A strip as small as may be."""
    return StripRecord(
        lot_id=f"L-{number // 7}",
        strip_id=f"S-{number}",
        strip_seq=number,
        simulated=True,
        product="none",
        bundle_id="b" * 64,
        provider="cpu",
        verdict=Outcome.ACCEPT,
    )


def live(folder: Path, first: int, strips: int, at: str) -> None:
    """Append until killed."""
    kill_points.arm(at)
    say("begun", os.getpid())
    journal = Journal(folder, Policy(checkpoint_rows=4), failed)
    for number in range(first, first + strips):
        link = journal.strip(strip(number)).result()
        say("strip", number, link.seq, link.hash.hex())
    signal.pause()


def say(*words: object) -> None:
    """Write a line in one piece."""
    os.write(sys.stdout.fileno(), (" ".join(map(str, words)) + "\n").encode())


if __name__ == "__main__":
    for line in sys.stdin:
        numbers = line.split()
        child = os.fork()
        if child == 0:
            live(Path(sys.argv[1]), int(numbers[0]), int(numbers[1]), numbers[2])
        say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
