"""Exceptions with a stable reason and named facts.

`reason` is part of the API: a client may branch on it, so it never changes once released. `facts` hold what
was expected and what was found, as text, ready for a structured log line or `ErrorInfo.metadata`.
"""

from typing import ClassVar

UNKNOWN = "The service failed; its log says why. This is not an accept."
"""All that a client is told of a fault that nobody expected."""


class StripsightError(Exception):
    """Anything Stripsight refuses or fails at.

    `message` is a sentence for a person, `field` the path of the offending input (empty when there is none),
    `facts` the values the sentence speaks of.
    """

    reason: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, field: str = "", **facts: str | int | float) -> None:
        """Keep the sentence, the field and the facts; the facts become text."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}
