"""Servers that die, one after the other: `python -m stripfaults.nursery <bundle>`, started with the shim.

For each line "<record's directory> <call> <n>" on standard input it forks a real server, which kills itself (SIGKILL)
before its nth call of that kind, or is killed from outside. The server logs as ever; at its end comes a line of JSON,
{"event": "ended", "status": ...}. Forked, since what takes a server long to start is what it imports.
"""

import json
import os
import sys
from pathlib import Path

from stripfaults.shim import KILL, Call, Shim
from stripsight import logs
from stripsight.cli.ending import leave
from stripsight.rpc.server import Server
from stripsight.settings import Settings


def serve(bundle: Path, folder: Path, call: Call, nth: int) -> None:
    """Serve until killed."""
    shim = Shim()
    shim.watch(folder)
    shim.arm(call, nth, KILL)
    settings = Settings(
        bundle=bundle,
        development_mode=True,
        listen="127.0.0.1:0",
        metrics_listen="127.0.0.1:0",
        provider="cpu",
        threads=1,
        slot_ms=60_000,
        waiting=2,
        record_dir=folder,
        record_checkpoint_rows=7,
    )
    logs.set_up("json")
    leave(Server(settings).run())


def main() -> None:
    """Fork at each line."""
    for line in sys.stdin:
        folder, call, nth = line.split()
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            serve(Path(sys.argv[1]), Path(folder), Call[call], int(nth))
        say("born", pid=child)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        say("ended", status=status)


def say(event: str, **facts: int) -> None:
    """Write a line in one piece, on a line of its own whatever the dead left."""
    os.write(sys.stdout.fileno(), f"\n{json.dumps({'event': event, **facts})}\n".encode())


if __name__ == "__main__":
    main()
