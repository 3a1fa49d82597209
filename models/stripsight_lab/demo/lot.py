"""The lot of a run: the machine opens and closes it by call, as a person at the line would."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stripsight.client.lots import LotClient, ServiceError
from stripsight.inspection.v1 import lot_service_pb2 as pb

WHO = "simulated machine"
_END_S = 2.0  # how long a server that died may take to be seen as dead


class NoLot(Exception):
    """The lot could not be opened or closed."""


@contextmanager
def lot_open(
    address: str, lot_id: str, product: str, ended: threading.Event, say: Callable[[str], None]
) -> Iterator[None]:
    """Open the lot and close it again; `say` gets a line about each challenge. Raises NoLot.

    A lot that an earlier run left open is closed first. After the server's end, which sets `ended`, nothing is asked.
    """

    def opening() -> None:
        _close_left(lots)
        say(f"lot {lot_id} is open: {_last(lots.open_lot(lot_id, product=product, who=WHO))}")

    def closing() -> None:
        say(f"lot {lot_id} is closed: {_last(lots.close_lot(lot_id, who=WHO))}")

    with LotClient(address) as lots:
        _asked(opening, lot_id, ended)
        yield
        _asked(closing, lot_id, ended)


def _asked(call: Callable[[], None], lot_id: str, ended: threading.Event) -> None:
    if ended.is_set():
        return
    try:
        call()
    except ServiceError as error:
        if not ended.wait(_END_S):
            raise NoLot(f"lot {lot_id}: {error}") from error


def _close_left(lots: LotClient) -> None:
    try:
        left = lots.get()
    except ServiceError as error:
        if error.reason != "LOT_UNKNOWN":
            raise
    else:
        lots.close_lot(left.lot_id, who=WHO)


def _last(lot: pb.Lot) -> str:
    """Tell how the lot's last challenge went."""
    run = lot.challenges[-1]
    if run.missed:
        return f"{len(run.missed)} of {run.strips} challenge strips MISSED, {lot.in_doubt.accepted} strips in doubt"
    return f"{run.strips} challenge strips passed"
