"""Mistakes that the cloud's software could make, each planted as one broken part."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime

from application.ports import LedgerDays, SomeoneElseWrote
from domain.events import DayEvent
from domain.measured_day import MeasuredDay
from domain.metering_day import MeteringDay
from tests.simulation.parts import SOUND
from tests.simulation.planted import Planted
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


BUGS: Mapping[str, Planted] = {
    "what is priced already is priced again": Planted(replace(SOUND, days=ForgetsWhatIsPriced), {Broken.TWICE}),
    "a collision of two writers is ignored": Planted(
        replace(SOUND, days=IgnoresOtherWriters), {Broken.LOST, Broken.ENERGY}
    ),
    "a consumer that died does not get its records again": Planted(replace(SOUND, delivers_again=False), {Broken.LOST}),
}
