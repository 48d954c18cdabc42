"""The device of the simulated plant: the real poll loop, store, thinning and uploader over a simulated world."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import cast

from adapters.device_clock import DeviceClock
from adapters.kinesis import KinesisStream, ServerTime
from adapters.messages import WattledgerWire
from application.poll_grid import due_instant
from application.ports import Meters, Outbox, Unavailable
from application.tend_outbox import TendOutbox
from application.upload_pace import UploadPace
from edge.compose import newest_stored
from edge.loop import PollLoop
from edge.systemd import Systemd
from edge.workers import UploadWorker
from tests.simulation.disk import Disk, Shelf, ShelfOutbox
from tests.simulation.parts import Parts
from tests.simulation.plant import KEY, METERS, POINT, STEP
from tests.simulation.power import Fuse, PowerCut, mortal
from tests.simulation.road import Endpoint

WIRE = WattledgerWire()
NEWEST_KEPT = 4
"""Polls that are never thinned: few, so that a history of some dozen polls thins."""
BACKLOG_BYTES_PER_S = 300
DEAD_CLOCK = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class UploadsInTurn(UploadWorker):
    """The real one, in the thread of the simulation: whoever drives it says when its time has come."""

    def start(self) -> None:
        return

    def wake(self) -> None:
        self._stored()

    def work(self) -> None:
        self._work()


@dataclass
class Device:
    """`now` is the true time; the wall clock is `offset` ahead of it, or dead."""

    parts: Parts
    now: Callable[[], datetime]
    meters: Meters
    line: Endpoint
    fuse: Fuse = field(default_factory=Fuse)
    offset: timedelta = timedelta(0)
    clock_is_dead: bool = False
    clock_was_wrong: bool = False
    clock_must_be_right: bool = False
    power: bool = True
    boots: int = 0
    later: timedelta = timedelta(0)
    polled: datetime | None = None

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.parts.disk)
        self.boot()

    @property
    def disk(self) -> Disk:
        return self.shelf.disk

    def boot(self) -> None:
        """The power is back: what the device knows is in its store."""
        self.boots += 1
        self.booted_at = self.now()
        outbox = cast("Outbox", mortal(ShelfOutbox(self.shelf), self.fuse))
        make_room = self.parts.make_room(outbox, WIRE, NEWEST_KEPT)
        self.clock = DeviceClock(
            newest_stored(outbox, WIRE), f"boot-{self.boots}", self.wall, self.elapsed_s, lambda: not self.is_wrong
        )
        self.server_time = ServerTime(self.clock.now, self.elapsed_s)
        self.stream = KinesisStream("readings", mortal(self.line, self.fuse), None, self.server_time)
        self.uploads = self.parts.upload_stores(
            self.parts.upload_outbox(POINT.device, outbox, self.stream, WIRE, KEY), self.shelf
        )
        chance = Random(self.boots).random
        pace = UploadPace(chance, BACKLOG_BYTES_PER_S, self.elapsed_s())
        self.worker = UploadsInTurn(self.uploads, pace, self.elapsed_s, self.clock)
        self.store_readings = self.parts.store_readings(self.meters, outbox, WIRE, METERS, self.clock, make_room)
        tend = TendOutbox(make_room)
        self.loop = PollLoop(self.store_readings, [self.worker], self.clock, STEP, Systemd({}), tend=tend)

    @property
    def is_wrong(self) -> bool:
        return self.clock_is_dead or bool(self.offset)

    def wall(self) -> datetime:
        if self.clock_is_dead:
            return DEAD_CLOCK + (self.now() + self.later - self.booted_at)
        return self.now() + self.offset + self.later

    def elapsed_s(self) -> float:
        return (self.now() + self.later - self.booted_at).total_seconds()

    def turn(self) -> datetime | None:
        """Five minutes of the device: a poll, and a minute later what it sends. Gives the instant that it polled."""
        self.polled = None
        due = due_instant(self.clock.now(), self.loop.last, STEP)
        self.loop.tick()
        if due is not None and not self.loop.fault:
            self.polled = due
        self.later = timedelta(minutes=1)
        try:
            self.worker.work()
        finally:
            self.later = timedelta(0)
        return self.polled

    def live(self, act: Callable[[], object]) -> bool:
        """Do something until the power goes; whether it did not."""
        try:
            act()
        except PowerCut:
            self.lose_power()
            self.boot()
            return False
        except Unavailable:
            return True
        return True

    def lose_power(self) -> None:
        self.fuse.set(None)
        self.later = timedelta(0)
        self.disk.power_cut()  # those that broke forget nothing more
