"""What every client of the service is first: a channel that is opened once and closed."""

from pathlib import Path
from types import TracebackType
from typing import Self

from stripsight.client.channel import open_channel


class Connection:
    """A connection to one service. Calls may come from any thread; use it in a `with`, or close it."""

    def __init__(self, target: str, tls: Path | None = None) -> None:
        """Connect to `target`, host:port, when the first call is made.

        `tls` is a folder with ca.crt, tls.crt and tls.key; None is plain text. Raises ServiceError when one of these
        cannot be read.
        """
        self._channel = open_channel(target, tls)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the connection and all calls under way."""
        self._channel.close()
