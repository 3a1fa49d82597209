"""The real server on a disk that has as many bytes free as the file FREE_BYTES says."""

import os
from pathlib import Path
from typing import Any

from stripsight import logs
from stripsight.cli.ending import leave
from stripsight.rpc.server import Server
from stripsight.settings import Settings


def free_bytes(folder: Path) -> int:
    """Read what is free."""
    return int(Path(os.environ["FREE_BYTES"]).read_text())


if __name__ == "__main__":
    options: dict[str, Any] = {}  # everything comes from the environment
    settings = Settings(**options)
    logs.set_up(settings.log_format)
    leave(Server(settings, free=free_bytes).run())
