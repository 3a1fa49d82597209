"""The real server, whose engine computes on the CPU and says "cuda", as on a machine with a GPU.

A program of its own, set up by STRIPSIGHT_* variables: for a test of what tells that a GPU was lost.
"""

from typing import Any

from stripsight import logs, start
from stripsight.bundle import Bundle
from stripsight.cli.ending import leave
from stripsight.engine import Engine
from stripsight.rpc.server import Server
from stripsight.settings import Settings


def start_engine(bundle: Bundle, settings: Settings) -> Engine:
    """Start the engine as the server does, and rename what it computes on."""
    engine = start.start_engine(bundle, provider=settings.provider, threads=settings.threads)
    engine.provider = "cuda"
    return engine


if __name__ == "__main__":
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    leave(Server(settings, start_engine).run())
