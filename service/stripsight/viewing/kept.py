"""Where the frames of past strips are found."""

from typing import Protocol


class KeptFrames(Protocol):
    """Frames that are kept, each by its digest: sha256 (hex) of its bytes as sent. Calls may come from any thread."""

    def has(self, digest: str) -> bool:
        """Tell whether a frame is kept."""
        ...

    def read(self, digest: str) -> bytes | None:
        """Return a frame as a grey PNG file that decodes to the same 8 bits as what was sent; None when it is gone."""
        ...


class NoFrames:
    """No frame is kept."""

    def has(self, digest: str) -> bool:
        """Tell that it is not kept."""
        return False

    def read(self, digest: str) -> bytes | None:
        """Return nothing."""
        return None
