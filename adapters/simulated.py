"""A factory that does not exist: its meters, its line to the cloud, and everything that can go wrong, from one seed.

The simulation owns time and chance: the same seed gives the same registers, the same faults and so the same ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from application.ports import Clock, Stream, StreamRecord, Unavailable
from domain.measurement import MeterType, Reading

MODULUS = 10**9
"""Registers of the simulated meters wrap at 999,999.999 kWh, as six-digit counters do."""

METER_TYPE = MeterType(rated_power_w=1_500_000, modulus=MODULUS)
SPREAD_PERCENT = 12
"""How far the power of one interval strays from its profile, up or down."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a meter sees: power in W at rest, at work on weekdays, and on Saturdays; cos phi as varh per 1000 Wh."""

    rest_w: int
    work_w: int
    saturday_w: int
    from_hour: int
    to_hour: int
    varh_per_kwh: int


PROFILES = (
    Profile(9_000, 128_000, 80_000, 6, 22, 380),
    Profile(22_000, 96_000, 40_000, 5, 21, 520),
    Profile(14_000, 64_000, 30_000, 7, 19, 290),
    Profile(30_000, 42_000, 34_000, 0, 24, 610),
    Profile(6_000, 58_000, 8_000, 8, 18, 180),
    Profile(11_000, 37_000, 20_000, 6, 23, 330),
    Profile(4_000, 24_000, 6_000, 7, 20, 90),
)
UNMETERED = Profile(8_000, 30_000, 12_000, 7, 19, 250)


class SimulatedMeters:
    """Meters: a main meter and sub-meters behind it; the main one also sees what no sub-meter does.

    They count whether or not anyone reads them. One register starts just below its modulus and wraps in the first days.
    """

    def __init__(self, names: Sequence[str], start: datetime, zone: ZoneInfo, step: timedelta, chance: Random) -> None:
        self._names = list(names)
        self._at = start
        self._zone = zone
        self._step = step
        self._chance = chance
        self._wh = [chance.randrange(MODULUS // 2) for _ in names]
        self._wh[-1] = MODULUS - 300_000
        self._varh = [chance.randrange(MODULUS // 2) for _ in names]
        self._profiles = [UNMETERED, *(PROFILES[i % len(PROFILES)] for i in range(len(names) - 1))]

    def read(self, at: datetime) -> Sequence[Reading]:
        while self._at < at:
            self._count()
        return [Reading(*row) for row in zip(self._names, [at] * len(self._names), self._wh, self._varh, strict=True)]

    def _count(self) -> None:
        local, seconds = self._at.astimezone(self._zone), self._step.seconds
        main_wh = main_varh = 0
        for i in range(len(self._names) - 1, -1, -1):
            profile = self._profiles[i]
            watts = _watts(profile, local.weekday(), local.hour)
            stray = 100_000 + int((2 * self._chance.random() - 1) * SPREAD_PERCENT * 1000)
            wh = watts * stray * seconds // 360_000_000
            varh = wh * profile.varh_per_kwh // 1000
            main_wh, main_varh = main_wh + wh, main_varh + varh
            if i == 0:
                wh, varh = main_wh, main_varh
            self._wh[i] = (self._wh[i] + wh) % MODULUS
            self._varh[i] = (self._varh[i] + varh) % MODULUS
        self._at += self._step


class FaultLevel(StrEnum):
    """How unkind the world is. `typical` is a bad month of a real plant; `hostile` is every fault, all the time."""

    NONE = "none"
    TYPICAL = "typical"
    HOSTILE = "hostile"


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong for one factory: `[start, end)` spans without line or power, and odds per call (of 10,000)."""

    line_down: tuple[tuple[datetime, datetime], ...] = ()
    power_cuts: tuple[tuple[datetime, datetime], ...] = ()
    lost_replies: int = 0
    partial_puts: int = 0
    redeliveries: int = 0
    crashes: int = 0

    def down(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.line_down)

    def dark(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.power_cuts)


def faults(level: FaultLevel, start: datetime, days: int, chance: Random) -> Faults:
    """A level's faults over a run. Typical: the line is down for six hours, power for 35 minutes, replies get lost."""
    if level is FaultLevel.NONE:
        return Faults()

    def spans(count: int, minutes: int) -> tuple[tuple[datetime, datetime], ...]:
        begins = (start + timedelta(minutes=5 * chance.randrange(12, max(13, days * 288 - 12))) for _ in range(count))
        return tuple((begin, begin + timedelta(minutes=minutes)) for begin in begins)

    if level is FaultLevel.TYPICAL:
        return Faults(spans(1, 360), spans(1, 35), lost_replies=40, redeliveries=60)
    weeks = 1 + days // 7
    return Faults(
        spans(4 * weeks, 390) + spans(weeks, 2 * 1440),
        spans(3 * weeks, 35) + spans(weeks, 300),
        lost_replies=600,
        partial_puts=900,
        redeliveries=1500,
        crashes=300,
    )


@dataclass
class FaultyStream:
    """Stream whose line fails: down for a while, replies lost after the records were taken, partial success."""

    stream: Stream
    faults: Faults
    clock: Clock
    chance: Random
    repeated: int = field(default=0, init=False)

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        if self.faults.down(self.clock.now()):
            raise Unavailable("the line is down")
        if self.chance.randrange(10_000) < self.faults.partial_puts:
            results = [self.chance.random() < 0.5 for _ in records]
            self.stream.put([record for record, ok in zip(records, results, strict=True) if ok])
            return results
        taken = self.stream.put(records)
        if self.chance.randrange(10_000) < self.faults.lost_replies:
            self.repeated += len(records)
            raise Unavailable("the reply was lost on its way back")
        return taken


def _watts(profile: Profile, weekday: int, hour: int) -> int:
    if not profile.from_hour <= hour < profile.to_hour or weekday == 6:
        return profile.rest_w
    return profile.saturday_w if weekday == 5 else profile.work_w
