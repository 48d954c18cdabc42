"""START HERE. The device's life: wait for the instant, read, store, wake whoever sends and prices; until told to stop.

Only this loop answers the watchdog. Nothing in it waits for the line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from application.poll_grid import due_instant, until_next
from application.ports import Clock, StoreFull, Unavailable
from application.store_readings import StoreReadings
from edge.journal import LOG
from edge.systemd import Systemd
from edge.workers import Worker

TICK_S = 10.0
"""The clock may be set while we wait, so it is asked again; and the watchdog wants an answer."""
FULL = "the disk is full, or the store is: free some room; polls wait in memory meanwhile, a day of them at most"
STOP_S = 25.0
"""A call to the line takes at most 20 s; whoever waits longer is left behind."""


@dataclass
class PollLoop:
    """`stop` may be set from any thread or signal; the poll in progress is finished and stored."""

    store_readings: StoreReadings
    workers: Sequence[Worker]
    clock: Clock
    step: timedelta
    systemd: Systemd
    wait: Callable[[Event, float], bool] = Event.wait
    stop: Event = field(default_factory=Event)
    last: datetime | None = None
    stored: int = 0
    fault: str = ""
    tend: Callable[[], None] | None = None

    def run(self) -> None:
        """Until `stop` is set."""
        for worker in self.workers:
            worker.start()
        self.systemd.ready()
        LOG.info("the device is up; the next poll is in %d s", until_next(self.clock.now(), self.step).seconds)
        while not self.stop.is_set():
            self.tick()
            self.systemd.alive(self.fault or f"{self.stored} readings at the last poll, {self.last or 'none yet'}")
            self.wait(self.stop, min(TICK_S, until_next(self.clock.now(), self.step).total_seconds() + 0.01))
        self.systemd.stopping()
        LOG.info("the device stops; what is stored stays")
        for worker in self.workers:
            worker.stop(STOP_S)

    def tick(self) -> None:
        """Poll, if it is time. A disk that refuses is asked again at the next tick, as long as the poll is fresh."""
        at = due_instant(self.clock.now(), self.last, self.step)
        if at is None:
            return
        try:
            self.stored = self.store_readings(at)
        except StoreFull:
            self._tell(FULL)  # what exactly found no room, a row or a mark, says nothing to a person
            return
        except Unavailable as fault:
            self._tell(str(fault))
            return
        self.last = at
        self._tell("")
        for worker in self.workers:
            worker.start()
            worker.wake()
        self._look_after_the_store()

    def _look_after_the_store(self) -> None:
        """After the poll, when there is time."""
        try:
            if self.tend is not None:
                self.tend()
        except Unavailable as fault:
            LOG.warning("the store could not be tended: %s", fault)

    def _tell(self, fault: str) -> None:
        if fault and fault != self.fault:
            LOG.error("not stored: %s", fault)
        if self.fault and not fault:
            LOG.info("the store takes readings again")
        self.fault = fault
