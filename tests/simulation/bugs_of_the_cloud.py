"""Mistakes that the cloud's software could make, each planted as one broken part."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from adapters.ledger_view import LedgerView
from application.ports import CannotUnderstand, Ledger, LedgerDays, SomeoneElseWrote, View
from application.price_uploads import PriceUploads
from application.project import catch_up
from application.publish_costs import EVENTS_PER_WRITE, PublishCosts
from application.refused import Refused
from domain.cost_event import CostEvent, CostKind
from domain.events import DayEvent
from domain.measured_day import MeasuredDay
from domain.metering_day import MeteringDay
from tests.simulation.parts import SOUND
from tests.simulation.planted import Planted
from tests.simulation.sinks import DoubtfulSink
from tests.simulation.violation import Broken


@dataclass
class Through:
    """LedgerDays over others; what follows breaks one thing each."""

    days: LedgerDays

    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        return self.days.get(device, day, known_at)

    def measured(
        self, device: str, day: date, meters: Collection[str], known_at: datetime | None = None
    ) -> Mapping[str, MeasuredDay]:
        return self.days.measured(device, day, meters, known_at)

    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        self.days.append(day, events)


class ForgetsWhatIsPriced(Through):
    def get(self, device: str, day: date, known_at: datetime | None = None) -> MeteringDay:
        found = deepcopy(super().get(device, day, known_at))
        for meter in found.meters:
            meter.wh = [None] * len(meter.wh)
        return found


class IgnoresOtherWriters(Through):
    def append(self, day: MeteringDay, events: Sequence[DayEvent]) -> None:
        try:
            super().append(day, events)
        except SomeoneElseWrote:
            return


class PositionBeforeTheWrite(PublishCosts):
    def __call__(self) -> int:
        delivered = 0
        while entries := self.ledger.after(self.positions.of(self.sink.name), EVENTS_PER_WRITE):
            costs = [cost for entry in entries for cost in self._costs(entry)]
            self.positions.moved(self.sink.name, entries[-1].position)
            if costs:
                self.sink.write(costs, entries[0].position, entries[-1].position)
            delivered += len(costs)
        return delivered


class OnePositionForAllSinks(PublishCosts):
    def __call__(self) -> int:
        delivered = 0
        while entries := self.ledger.after(self.positions.of("sinks"), EVENTS_PER_WRITE):
            costs = [cost for entry in entries for cost in self._costs(entry)]
            if costs:
                self.sink.write(costs, entries[0].position, entries[-1].position)
            self.positions.moved("sinks", entries[-1].position)
            delivered += len(costs)
        return delivered


class AddsUp(DoubtfulSink):
    """A sink that cannot tell a cost that comes again from another one."""

    def take(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        for cost in costs:
            key = (cost.meter, cost.start, cost.kind, cost.serial)
            known = self.costs.get(key)
            energy_wh = cost.energy_wh + (known.energy_wh if known else 0)
            amounts = Counter(cost.amount_nano)
            amounts.update(known.amount_nano if known else {})
            self.costs[key] = replace(cost, energy_wh=energy_wh, amount_nano=amounts)


class KeepsOneCostAnInterval(DoubtfulSink):
    """What a correction takes back and what it brings have one place."""

    def take(self, costs: Sequence[CostEvent], first: int, last: int) -> None:
        super().take([replace(cost, serial=0, kind=CostKind.PROVISIONAL) for cost in costs], first, last)


class PositionInAnotherTransaction(LedgerView):
    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            yield


def rebuild_without_forgetting(ledger: Ledger, view: View) -> int:
    """From the first event on, into the rows that are there."""
    assert isinstance(view, LedgerView)
    view._connection.execute("DELETE FROM position")
    return catch_up(ledger, view)


class PassesOverWhatItCannotRead(PriceUploads):
    def refused(self, data: bytes, vouched: bool = False) -> list[Refused]:
        return [one for one in super().refused(data, vouched) if not isinstance(one.refusal, CannotUnderstand)]


class TakesARefusalForItsNeighbours(PriceUploads):
    """One reading that is refused, and none of its record is priced."""

    def refused(self, data: bytes, vouched: bool = False) -> list[Refused]:
        upload = self.wire.upload(data) if data.startswith((b"WLR1", b"WLR2")) else None
        latest = self.clock.now() + timedelta(minutes=10)
        if upload is not None and any(after.serial.endswith("-2") or after.at > latest for _, after in upload.readings):
            return []
        return super().refused(data, vouched)


SINKS, VIEWS = ("a_sink_fails", "a_publisher_works"), ("the_view_catches_up",)
SWAPS, REDELIVERY = ("a_swap", "swaps_are_told"), ("records_change_places",)

BUGS: Mapping[str, Planted] = {
    "what is priced already is priced again": Planted(replace(SOUND, days=ForgetsWhatIsPriced), {Broken.TWICE}),
    "a collision of two writers is ignored": Planted(
        replace(SOUND, days=IgnoresOtherWriters), {Broken.LOST, Broken.ENERGY}
    ),
    "a consumer that died does not get its records again": Planted(
        replace(SOUND, delivers_again=False), {Broken.LOST}, REDELIVERY
    ),
    "what cannot be read is passed over": Planted(
        replace(SOUND, price_uploads=PassesOverWhatItCannotRead), {Broken.LOST}
    ),
    "a refused reading takes its neighbours with it": Planted(
        replace(SOUND, price_uploads=TakesARefusalForItsNeighbours), {Broken.LOST}, SWAPS
    ),
    "a sink's position moves before it has written": Planted(
        replace(SOUND, publish_costs=PositionBeforeTheWrite), {Broken.SINK}, SINKS
    ),
    "all sinks have one position": Planted(replace(SOUND, publish_costs=OnePositionForAllSinks), {Broken.SINK}, SINKS),
    "a sink adds up what comes twice": Planted(replace(SOUND, sink=AddsUp), {Broken.SINK}, SINKS),
    "a sink has one place for a cost and its reversal": Planted(
        replace(SOUND, sink=KeepsOneCostAnInterval), {Broken.SINK}
    ),
    "a view's position is in another transaction than its rows": Planted(
        replace(SOUND, view=PositionInAnotherTransaction), {Broken.VIEW}, VIEWS
    ),
    "a view is rebuilt into the old one": Planted(replace(SOUND, rebuild=rebuild_without_forgetting), {Broken.VIEW}),
}
