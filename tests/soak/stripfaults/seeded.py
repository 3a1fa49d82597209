"""Seeded faults in one server's life after the other: `python -m stripfaults.seeded --help`, started with the shim.

Always: no accept without a synced record, none past its slot, one record a strip, a record that verifies afterwards and
that the next service goes on with. Sometimes: each seam has struck, which is counted.
"""

import argparse
import errno
import itertools
import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from stripfaults.history import Broken, checked
from stripfaults.life import LEAP_S, Life
from stripfaults.seams import FaultyEngine, LeapingClock
from stripfaults.shim import Call, Shim
from stripsight.bundle import Bundle, load
from stripsight.frame import FrameData, crc32c
from stripsight.start import start_engine

ERRNOS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EMFILE)
RECORD = (Call.OPEN, Call.WRITE, Call.SYNC)
# How many of these calls there are, or a few more: while a record is begun, and from one strip to the next.
CALLS = {Call.OPEN: (14, 14), Call.WRITE: (80, 12), Call.SYNC: (18, 3)}
FATAL = ("fails", "too few")
ENDS: tuple[Call | str | None, ...] = (*RECORD, *RECORD, *FATAL, None)
MILD = ("crashes", "NaN", "infinite", "takes long")
STRIPS = 24
TRUTHS = ("good", "defective")


class Faults:
    """The seams of this process, and how often each has struck."""

    def __init__(self, bundle: Bundle) -> None:
        """Start one engine, which all lives share."""
        self.shim, self.clock = Shim(), LeapingClock()
        engine = start_engine(bundle, threads=1, kind=FaultyEngine)
        assert isinstance(engine, FaultyEngine)
        engine.clock, engine.leap_s = self.clock, LEAP_S
        self.engine = engine
        self.bundle = bundle
        self.good, self.bad = (next(one.frames for one in bundle.challenge if one.truth == t) for t in TRUTHS)
        self.struck: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()

    def life(self, seed: int, number: int) -> None:
        """Live once under faults that the two numbers choose. Raises Broken when a promise was not kept."""
        chance = random.Random(f"{seed}-{number}")
        try:
            with TemporaryDirectory() as folder:
                self.lived(Path(folder), chance, ENDS[number % len(ENDS)])
        except Exception as error:
            error.add_note(f"in life {number} of seed {seed}")
            raise

    def every(self, call: Call) -> int:
        """Fail the first call of a kind, the second and so on, until a life has no further one; return how many.

        Raises Broken as `life` does, and when a failure was passed over.
        """
        for nth in itertools.count(1):
            with TemporaryDirectory() as folder:
                life = self._new(Path(folder))
                self.shim.arm(call, nth, errno.EIO)
                well = life.lives_well(self.good, strips=2)
                struck = self.shim.strikes(call)
                self.shim.disarm()
                if not struck:
                    return nth - 1
                if well and call is not Call.OPEN:  # what cannot be opened may be opened otherwise
                    raise Broken(f"{call.name.lower()} number {nth} failed, and nothing came of it")
                checked(Path(folder), life.accepts, life.rejects)
        raise AssertionError

    def lived(self, folder: Path, chance: random.Random, fatal: Call | str | None) -> None:
        """Live once in `folder`: a mild fault for each strip, one that ends the service, and a look at the record."""
        life, early = self._new(folder), fatal is Call.OPEN or chance.random() < 0.3
        if early and isinstance(fatal, Call):
            self._arm(fatal, chance.randint(1, CALLS[fatal][0]), chance)
        try:
            if life.begins():
                self._strips(life, chance, None if early else fatal)
                life.ends()
        finally:
            life.close()
        self._count()
        self.answers.update(life.answers)
        self.shim.disarm()
        checked(folder, life.accepts, life.rejects)

    def _new(self, folder: Path) -> Life:
        self.shim.disarm()
        self.shim.watch(folder)
        return Life(self.bundle, self.engine, self.clock, self.shim, folder)

    def _strips(self, life: Life, chance: random.Random, fatal: Call | str | None) -> None:
        at = chance.randrange(STRIPS)
        for number in range(1, STRIPS + 1):
            if number == at + 1 and isinstance(fatal, Call):
                self._count()
                self._arm(fatal, chance.randint(1, CALLS[fatal][1]), chance)
                life.ask(number, self.good)
            elif number == at + 1 and isinstance(fatal, str):
                self.engine.fault = fatal
                life.ask(number, self.good)
            else:
                self._strip(life, number, chance)

    def _strip(self, life: Life, number: int, chance: random.Random) -> None:
        kind = chance.choice(("none", "defect", "decode", "infer", "clock", "send"))
        frames = self.bad if kind == "defect" else self.good
        if kind == "decode":
            self.struck["decode"] += 1
            frames = (damaged(frames[0], chance), *frames[1:])
        if kind == "infer":
            self.engine.fault = chance.choice(MILD)
        if kind == "clock":
            self.clock.arm(chance.randint(1, 40), LEAP_S)
        if kind == "send":
            self.shim.arm(Call.SEND, chance.randint(1, 3), errno.EPIPE)
        answer = life.ask(number, frames, streamed=kind != "clock" and chance.random() < 0.3)
        if answer == "ACCEPT" and (kind in ("defect", "decode") or self.engine_struck):
            raise Broken(f"a strip was accepted in spite of {kind}")
        self._count()
        if kind == "send":
            life.connect()
            life.ask(number, frames)

    @property
    def engine_struck(self) -> bool:
        """Whether the engine did as it was told since the last count."""
        return self.engine.struck > 0

    def _arm(self, call: Call, nth: int, chance: random.Random) -> None:
        self.shim.arm(call, nth, chance.choice(ERRNOS), lasting=chance.random() < 0.5)

    def _count(self) -> None:
        for call in Call:
            self.struck[call.name.lower()] += self.shim.strikes(call)
        self.struck["infer"] += self.engine.struck
        self.struck["clock"] += bool(self.clock.leapt_at)
        self.engine.struck, self.engine.fault = 0, ""
        self.clock.arm(0, 0)
        self.shim.arm(Call.SEND, 0, 0)


def damaged(frame: FrameData, chance: random.Random) -> FrameData:
    """Return a frame that must not be decoded: a bit flipped on the way, or whole bytes that are no picture."""
    data, bit = bytearray(frame.data), chance.randrange(8 * len(frame.data))
    data[bit // 8] ^= 1 << bit % 8
    flipped, cut = bytes(data), frame.data[: chance.randrange(len(frame.data))]
    how = chance.randrange(3)
    if how == 0:
        return replace(frame, data=flipped)
    return replace(frame, data=flipped if how == 1 else cut, crc32c=crc32c(flipped if how == 1 else cut))


def main() -> None:
    """Go on until `--count` faults have struck; write what struck and what was answered as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", choices=[call.name.lower() for call in RECORD], help="Fail each call of this kind.")
    asked = parser.parse_args()
    # As the service logs, and to nowhere: tracebacks for a terminal would take half of the time.
    structlog.configure(
        [structlog.processors.JSONRenderer(default=str)], logger_factory=structlog.ReturnLoggerFactory()
    )
    faults = Faults(load(asked.bundle))
    if asked.every:
        print(json.dumps({"calls": faults.every(Call[asked.every.upper()])}))
        return
    lives = 0
    while faults.struck.total() < asked.count:
        faults.life(asked.seed, lives)
        lives += 1
    print(json.dumps({"lives": lives, "struck": faults.struck, "answers": faults.answers}))


if __name__ == "__main__":
    main()
