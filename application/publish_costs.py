"""What the ledger holds reaches a sink: in order, at least once, each sink at its own pace."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from application.ports import CostSink, Ledger, LedgerEntry, MeteringDays, Positions, Unavailable
from domain.cost_event import CostEvent, costs_of_day_event, costs_of_period_event
from domain.events import (
    DayJoined,
    DayOpened,
    PeriodClosed,
    PeriodReopened,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
)
from domain.meter_day import Grid

EVENTS_PER_WRITE = 500
DAYS_REMEMBERED = 1000


@dataclass(frozen=True)
class PublishCosts:
    """Carry the costs after a sink's position to it, then move the position: a crash in between sends them again."""

    ledger: Ledger
    positions: Positions
    days: MeteringDays
    sink: CostSink
    _rules: dict[tuple[str, date], tuple[DayOpened, Grid]] = field(default_factory=dict)

    def __call__(self) -> int:
        """Give how many costs were delivered. Raises `Unavailable` when the sink is; other sinks do not notice."""
        delivered = 0
        while entries := self.ledger.after(self.positions.of(self.sink.name), EVENTS_PER_WRITE):
            costs = [cost for entry in entries for cost in self._costs(entry)]
            if costs:
                self.sink.write(costs, entries[0].position, entries[-1].position)
            self.positions.moved(self.sink.name, entries[-1].position)
            delivered += len(costs)
        return delivered

    def _costs(self, entry: LedgerEntry) -> Iterator[CostEvent]:
        if isinstance(entry.event, PeriodClosed | PeriodReopened | PeriodRerated):
            yield from costs_of_period_event(entry.event, entry.position)
        elif entry.day is not None and isinstance(entry.event, DayJoined):
            self._rules.pop((entry.device, entry.day), None)  # the day has a meter more than when it was looked at
        elif entry.day is not None and isinstance(entry.event, ReadingsPriced | ReadingCorrected):
            opened, grid = self._rules_of(entry.device, entry.day)
            yield from costs_of_day_event(opened, grid, entry.position, entry.event)

    def _rules_of(self, device: str, day: date) -> tuple[DayOpened, Grid]:
        """How the day is priced: fixed when it opened, which every other event of it follows."""
        if (device, day) not in self._rules:
            if len(self._rules) >= DAYS_REMEMBERED:
                self._rules.clear()
            found = self.days.get(device, day)
            if found.opened is None:
                raise Unavailable(f"{device} {day} has events but is not opened yet; read the ledger again")
            self._rules[device, day] = (found.opened, found.grid)
        return self._rules[device, day]
