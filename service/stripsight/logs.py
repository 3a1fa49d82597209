"""Log lines: one event a line on standard output, as JSON or for people."""

import sys
from contextlib import suppress
from typing import Literal

import structlog
from structlog.typing import Processor


class Lines:
    """Writes whole lines. A log whose reader is gone or whose disk is full never costs a verdict."""

    def info(self, line: str) -> None:
        """Write one line at once."""
        with suppress(OSError):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    warning = error = exception = info


def set_up(log_format: Literal["json", "console"]) -> None:
    """Configure structlog for the process. Times are UTC in ISO 8601."""
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    )
    structlog.configure(processors=[*shared, *last], logger_factory=lambda *_: Lines(), cache_logger_on_first_use=True)
