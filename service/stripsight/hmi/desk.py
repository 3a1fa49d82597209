"""What every page of the process shares."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from stripsight.client.service_error import ServiceError
from stripsight.hmi.board import Board
from stripsight.hmi.library import Library
from stripsight.hmi.product import Product
from stripsight.hmi.service import Service

_GONE = ("UNAVAILABLE", "DEADLINE_EXCEEDED")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Desk:
    """The service that is looked at, the latest of it, and pictures of its strips."""

    service: Service
    board: Board
    library: Library

    async def ask(self, call: Callable[[], _Answer], waiting: Callable[[], None]) -> _Answer:
        """Return what a call of the service gives, when it answers; `waiting` is called each time it does not.

        Raises ServiceError for an answer that is an error.
        """
        while True:
            seen = self.board.snapshot
            try:
                return await asyncio.to_thread(call)
            except ServiceError as error:
                if error.code not in _GONE:
                    raise
            waiting()
            await self.board.after(seen)

    async def product(self) -> Product:
        """Return the product, as soon as the service has told it."""
        snapshot = self.board.snapshot
        while snapshot.product is None:
            snapshot = await self.board.after(snapshot)
        return snapshot.product
