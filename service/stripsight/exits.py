"""How the commands end: one exit status for each outcome that a supervisor or a script may branch on."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of `stripsight`. A number keeps its meaning for good."""

    OK = 0  # serve: stopped as asked. inspect: accept. bundle verify: good
    REJECT = 1  # inspect only: the strip is rejected
    ERROR = 2  # a wrong option or setting; inspect, status: no answer
    BUNDLE = 3  # the bundle is refused, or its challenge set fails
    PROVIDER = 4  # the provider asked for is not the one in use, or the engine does not start on it
    ADDRESS = 5  # an address to listen on is taken or not ours
    ENGINE = 6  # the engine failed while serving; start again
    STUCK = 7  # an inspection did not end and had to be abandoned at the stop
    RECORD = 8  # the record cannot be kept: its directory, or a commit while serving. records: it is damaged
