"""What every page of the process shares."""

from dataclasses import dataclass

from stripsight.hmi.album import Album
from stripsight.hmi.board import Board
from stripsight.hmi.service import Service


@dataclass(frozen=True)
class Desk:
    """The service that is looked at, the latest of it, and pictures in memory."""

    service: Service
    board: Board
    album: Album
