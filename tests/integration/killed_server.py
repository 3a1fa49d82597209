"""The real server, which kills itself where KILL_AT says (see kill_points)."""

import os
from typing import Any

import kill_points

from stripsight import logs
from stripsight.cli.ending import leave
from stripsight.rpc.server import Server
from stripsight.settings import Settings

if __name__ == "__main__":
    kill_points.arm(os.environ["KILL_AT"])
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    leave(Server(settings).run())
