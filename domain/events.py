"""What happened, for ever: the events of metering days and billing periods, and with them those of the registry.

Amounts are integers of nano-currency, one per line code of the tariff, in `DayOpened.line_codes` order. Slots count the
day's intervals from its local midnight: 276, 288 or 300 of them at five minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.bill import Allocated, Bill
from domain.determinants import Determinants
from domain.gauges import AnyGauge
from domain.measurement import NO_EXTRA, Extra
from domain.site_events import SiteEvent


@dataclass(frozen=True, slots=True)
class DayOpened:
    """A device's local day begins: the rules it is priced by, and each meter's billing month so far.

    `period_until` are (slot, period) pairs: the period holds up to that slot. `rates_micro` is what was in force, and
    `gauges` what the tariff reads besides energy and maxima. `main_meter` is empty where a day was stored before it
    was told.
    """

    device: str
    supply_point: str
    day: date
    start: datetime
    slots: int
    step_minutes: int
    demand_minutes: int
    tariff: str
    tariff_version: str
    currency: str
    periods: tuple[str, ...]
    period_until: tuple[tuple[int, int], ...]
    line_codes: tuple[str, ...]
    rates_micro: Mapping[str, int]
    meters: tuple[str, ...]
    opening: tuple[Determinants, ...]
    opening_nano: tuple[tuple[int, ...], ...]
    gauges: tuple[AnyGauge, ...]
    main_meter: str

    def joined_by(self, event: "DayJoined") -> "DayOpened":
        """The day's rules with one meter more, behind the others: the numbers of those stay what they were."""
        return replace(
            self,
            meters=(*self.meters, event.meter),
            opening=(*self.opening, event.opening),
            opening_nano=(*self.opening_nano, event.opening_nano),
        )


@dataclass(frozen=True, slots=True)
class DayJoined:
    """A meter that was registered after the day had been opened: from now on it is the last of the day's meters."""

    meter: str
    opening: Determinants
    opening_nano: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadingsPriced:
    """One accepted upload, or the part of it that belongs to this day; columns of equal length, a row per measurement.

    `meters` index `DayOpened.meters`; `live_nano` has one column per line code, empty where the whole column is zero.
    `export_wh` and `capacitive_varh` are empty where no meter of the upload has such a register.
    """

    upload: str
    meters: tuple[int, ...]
    slots: tuple[int, ...]
    wh: tuple[int, ...]
    varh: tuple[int, ...]
    estimated: tuple[int, ...]
    live_nano: tuple[tuple[int, ...], ...]
    export_wh: tuple[int | None, ...] = ()
    capacitive_varh: tuple[int | None, ...] = ()

    def extras(self) -> Sequence[Extra]:
        """A row's registers that not every meter has."""
        if not self.export_wh and not self.capacitive_varh:
            return [NO_EXTRA] * len(self.slots)
        nothing = (None,) * len(self.slots)
        return [Extra(*each) for each in zip(self.export_wh or nothing, self.capacitive_varh or nothing, strict=True)]


@dataclass(frozen=True, slots=True)
class ReadingCorrected:
    """A measurement is replaced, by whom and why. `reversed_nano` takes its old cost back, `live_nano` is the new.

    `export_wh` and `capacitive_varh` are what holds from now on, None where it is not metered; those `..._before` are
    what they replace, None also where that was not stored.
    `was_estimated`: what is taken back was an estimate; where that was not stored, it counts as measured.
    """

    meter: int
    slot: int
    wh_before: int
    varh_before: int
    wh: int
    varh: int
    by: str
    why: str
    reversed_nano: tuple[int, ...]
    live_nano: tuple[int, ...]
    export_wh: int | None
    capacitive_varh: int | None
    was_estimated: bool
    export_wh_before: int | None
    capacitive_varh_before: int | None


@dataclass(frozen=True, slots=True)
class GapDeclared:
    """Slots `[first, last)` of a meter have no energy, and why; `upload` told so."""

    upload: str
    meter: int
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadingsThinned:
    """In slots `[first, last)` of the day an upload has fewer readings than were taken, because of `reason`.

    It stands for `cycles` stored ones and has a reading every `minutes`: energy is exact, when it flowed is estimated.
    """

    upload: str
    first: int
    last: int
    cycles: int
    minutes: int
    reason: str


@dataclass(frozen=True, slots=True)
class DayClosed:
    """The billing month of this day is being billed: what arrives later needs a correction of the closed month."""

    day: date


@dataclass(frozen=True, slots=True)
class DayReopened:
    """The month of this day was reopened, by whom and why: it takes readings and corrections again."""

    day: date
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """A billing month has its bill. `true_up_nano` by line code is what closing added to the live view.

    A month that was reopened closes again, into its next bill. `allocated` is empty where no meter stands behind the
    main one, and where the bill was stored before it was told.
    """

    supply_point: str
    bill: Bill
    live_nano: Mapping[str, int]
    true_up_nano: Mapping[str, int]
    allocated: Allocated


@dataclass(frozen=True, slots=True)
class PeriodReopened:
    """The bill in force holds no longer, by whom and why: `reversed_nano` takes its true-ups back, by line code.

    `number` is the bill's, counted from 1; `first` to `end` (excluded) are its local days in `timezone`.
    """

    supply_point: str
    number: int
    first: date
    end: date
    timezone: str
    currency: str
    tariff: str
    tariff_version: str
    reversed_nano: Mapping[str, int]
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class PeriodRerated:
    """A closed month has another bill for the same measurements, by whom and why.

    Only line codes whose amount moved are told: `reversed_nano` takes their true-ups back, `true_up_nano` are the new.
    """

    supply_point: str
    bill: Bill
    reversed_nano: Mapping[str, int]
    true_up_nano: Mapping[str, int]
    allocated: Allocated
    by: str
    why: str


DayEvent = (
    DayOpened | DayJoined | ReadingsPriced | ReadingCorrected | GapDeclared | ReadingsThinned | DayClosed | DayReopened
)
PeriodEvent = PeriodClosed | PeriodReopened | PeriodRerated
Event = DayEvent | PeriodEvent | SiteEvent
