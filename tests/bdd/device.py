"""The device in the factory and its line: the real edge runtime on a SQLite outbox, in the troubles of a scenario."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from random import Random

from adapters.memory import MemoryStream, SetClock
from adapters.simulated import Faults, FaultyStream
from adapters.sqlite_outbox import SqliteOutbox
from application.reconcile import Reconciliation, reconcile
from domain.measurement import Reading
from edge.compose import edge
from edge.runtime import EdgeRuntime
from tests.bdd.plant import MAIN, STEP, Plant

ALWAYS = 10_000
Span = tuple[time, time]


class SteadyMeter:
    """Meters: one that counts the same energy every five minutes, read or not."""

    def __init__(self, kw: Decimal) -> None:
        self.wh_per_step = int(kw * 1000 * STEP.seconds / 3600)

    def read(self, at: datetime) -> Sequence[Reading]:
        return [Reading(MAIN, at, int(at.timestamp()) // STEP.seconds * self.wh_per_step, 0)]


class Device:
    """Works through a span of time. Its outbox is its disk and survives; everything else is lost with the power."""

    def __init__(self, plant: Plant, meter: SteadyMeter) -> None:
        self.plant, self.meter = plant, meter
        self.outbox = SqliteOutbox(":memory:", store="disk 1")
        self.stream, self.clock = MemoryStream(), SetClock(datetime.min.replace(tzinfo=UTC))
        self.line = FaultyStream(self.stream, Faults(), self.clock, Random(1))  # never asked: all or nothing
        self.line_down: Span | None = None
        self.replies_lost: Span | None = None
        self.dark: Span | None = None
        self.crash_at: time | None = None
        self.polls: list[datetime] = []
        self.longest_wait = 0
        self.runtime: EdgeRuntime | None = None

    def work(self, first: datetime, last: datetime) -> None:
        """Poll from one UTC instant to another, both included; what the line carries is priced at once."""
        for step in range((last - first) // STEP + 1):
            self.clock.instant = first + STEP * step
            self._turn(self.clock.instant)
            self.longest_wait = max(self.longest_wait, self.outbox.backlog())
            self.plant.price(self.stream.take(1000))

    def reconcile(self) -> Reconciliation:
        """Every poll against the ledger; the first one only says where counting begins."""
        mains = {self.plant.point.id: MAIN}
        return reconcile(self.plant.store.ledger, self.plant.store.days, {MAIN: self.polls[1:]}, mains, 1)

    def _turn(self, at: datetime) -> None:
        local = at.astimezone(self.plant.point.zone).time()
        if _within(self.dark, local):
            self.runtime = None
            return
        down = ((at, at + STEP),) if _within(self.line_down, local) else ()
        self.line.faults = Faults(line_down=down, lost_replies=ALWAYS if _within(self.replies_lost, local) else 0)
        runtime = self.runtime or edge(self.plant.point.device, self.meter, [MAIN], self.outbox, self.line)
        self.polls.append(at)
        if local == self.crash_at:
            runtime.store_readings(at)
            self.runtime = None
        else:
            runtime.turn(at)
            self.runtime = runtime


def _within(span: Span | None, local: time) -> bool:
    """The span holds the local time; one that ends before it starts passes midnight."""
    if span is None:
        return False
    start, end = span
    return start <= local < end if start < end else local >= start or local < end
