"""A piece of work for the lane, and the future that gets what comes of it."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")
Deliver = Callable[[], None]


class Work(Generic[T]):
    """A call that runs once, in another thread than that of whoever waits for its result."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Keep the call; `future` may be cancelled as long as it has not begun."""
        self._call = call
        self.future: Future[T] = Future()

    def run(self) -> Deliver:
        """Run it and return what hands the result, or the exception, to the future; a cancelled one does not run."""
        if not self.future.set_running_or_notify_cancel():
            return lambda: None
        try:
            return partial(self.future.set_result, self._call())
        except BaseException as error:  # whoever waits raises it; the lane goes on
            return partial(self.future.set_exception, error)

    def refuse(self, error: Exception) -> None:
        """End it unrun with an error, unless it was cancelled."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)
