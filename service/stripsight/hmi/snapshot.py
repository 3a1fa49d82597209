"""All that the page shows at one moment, and how it goes on with what the service tells. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from stripsight.hmi.band import Band, Link, band_of
from stripsight.hmi.product import Product, product_of
from stripsight.hmi.strip import Outcome, Strip
from stripsight.hmi.tally import Tally
from stripsight.hmi.words import Tone
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

FILM = 24


@dataclass(frozen=True)
class Shot:
    """A strip together with the pictures there are of it, so that one is never drawn over another's.

    `heats` are frame, vial and region of each heatmap; `missing` says why something is not there.
    """

    strip: Strip
    frames: tuple[int, ...] = ()
    heats: tuple[tuple[int, str, str], ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Snapshot:
    """One moment. `loaded` tells whether the record was read since the service answered last."""

    target: str
    since: datetime
    link: Link = Link.CONNECTING
    status: service_pb.GetStatusResponse | None = None
    tally: Tally = field(default_factory=Tally)
    latest: Strip | None = None
    shot: Shot | None = None
    rejects: tuple[Shot, ...] = ()
    loaded: bool = False

    @property
    def band(self) -> Band:
        """The status band."""
        return band_of(self.link, self.since, self.status, self.target)

    @property
    def stale(self) -> str:
        """Why the last verdict says nothing of the line now, in a few words; empty while strips are inspected."""
        if self.link is not Link.UP:
            return "before the connection was lost"
        return "" if self.band.tone is Tone.GOOD else "the last one; none is inspected now"

    @property
    def waits_for(self) -> str:
        """What is missing before the page shows the line as it is; empty when nothing is."""
        if self.link is not Link.UP:
            return "The service does not answer."
        return "" if self.loaded else "Reading the record …"

    @property
    def product(self) -> Product | None:
        """The product; None until the service has answered once."""
        return product_of(self.status.product) if self.status is not None else None

    @property
    def slot_ms(self) -> int:
        """The slot, 0 while it is not known."""
        return self.status.slot_ms if self.status is not None else 0

    def answered(self, status: service_pb.GetStatusResponse, now: datetime) -> "Snapshot":
        """The service told how it is."""
        since = self.since if self.link is Link.UP else now
        return replace(self, link=Link.UP, since=since, status=status)

    def lost(self, now: datetime) -> "Snapshot":
        """The service does not answer. What it told before stays on the page, marked as old.

        A page that never had a connection goes on waiting for its first.
        """
        return replace(self, link=Link.LOST, since=now, loaded=False) if self.link is Link.UP else self

    def unread(self) -> "Snapshot":
        """The view broke off: what is shown may be old until the record is read again."""
        return replace(self, loaded=False)

    def read(self, tally: Tally, strips: tuple[Strip, ...]) -> "Snapshot":
        """The record was read: the tally and the latest strips, the latest first."""
        frames = tuple(self.status.product.frame_indices) if self.status is not None else ()
        rejects = [Shot(strip, frames if strip.frames_kept else ()) for strip in strips if _on_film(strip)][:FILM]
        return replace(self, tally=tally, latest=next(iter(strips), None), rejects=tuple(rejects), loaded=True)

    def judged(self, strip: Strip) -> "Snapshot":
        """A strip was answered. One that was read out of the record before is left out."""
        if strip.record_seq <= self.tally.last_seq:
            return self
        rejects = (Shot(strip), *self.rejects)[:FILM] if _on_film(strip) else self.rejects
        return replace(self, tally=self.tally.add(strip), latest=strip, rejects=rejects)

    def pictured(self, shot: Shot) -> "Snapshot":
        """The pictures of a strip have come."""
        number = shot.strip.record_seq
        rejects = tuple(shot if one.strip.record_seq == number else one for one in self.rejects)
        return replace(self, shot=shot, rejects=rejects)


def _on_film(strip: Strip) -> bool:
    return strip.outcome is not Outcome.ACCEPT
