"""Prove it: what the devices took against what the ledger holds, reading by reading and cent by cent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from application.ports import Ledger, LedgerEntry, MeteringDays
from domain.bill import Bill
from domain.events import (
    DayJoined,
    DayOpened,
    GapDeclared,
    PeriodClosed,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
)

ENTRIES_PER_READ = 1000


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Counts of readings, and the bills that are not live costs plus true-up (there must be none).

    A reading `in_gaps` told of energy that cannot be known: the ledger says so, and nothing was lost.
    """

    taken: int
    opening: int
    priced: int
    estimated: int
    lost: int
    priced_twice: int
    bills: int
    bills_off: tuple[str, ...]
    in_gaps: int = 0

    @property
    def holds(self) -> bool:
        """Nothing lost, nothing priced twice, every bill the sum of its parts."""
        return not (self.lost or self.priced_twice or self.bills_off)


def reconcile(
    ledger: Ledger, days: MeteringDays, taken: Mapping[str, Iterable[datetime]], mains: Mapping[str, str], opening: int
) -> Reconciliation:
    """Read the whole ledger once.

    `taken` has, by meter, the instant of each stored reading that had a predecessor; `opening` counts those without.
    `mains` names the main meter of each supply point, whose live costs the bill must complete.
    """
    found = _Found(days, mains)
    for entry in _entries(ledger):
        found.see(entry)
    instants = [(meter, instant) for meter, several in taken.items() for instant in several]
    missing = [(meter, instant) for meter, instant in instants if instant not in found.ends.get(meter, {})]
    in_gaps = sum(1 for meter, instant in missing if instant in found.gaps.get(meter, set()))
    lost = len(missing) - in_gaps
    return Reconciliation(
        taken=len(instants),
        opening=opening,
        priced=len(instants) - len(missing),
        estimated=found.estimated,
        lost=lost,
        priced_twice=sum(times - 1 for counted in found.ends.values() for times in counted.values()),
        bills=found.bills,
        bills_off=tuple(found.off),
        in_gaps=in_gaps,
    )


class _Found:
    """What the ledger says: how often each interval was priced, and each month's live cost as its events add up."""

    def __init__(self, days: MeteringDays, mains: Mapping[str, str]) -> None:
        self._days = days
        self._mains = mains
        self._opened: dict[tuple[str, date], DayOpened | None] = {}
        self._live: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
        self.ends: dict[str, Counter[datetime]] = defaultdict(Counter)
        self._true_ups: dict[tuple[str, date], dict[str, int]] = {}
        self.gaps: dict[str, set[datetime]] = defaultdict(set)
        self.estimated = 0
        self.bills = 0
        self.off: list[str] = []

    def see(self, entry: LedgerEntry) -> None:
        match entry.event:
            case DayOpened() if entry.day is not None:
                self._opened[entry.device, entry.day] = entry.event
            case DayJoined() if entry.day is not None:
                self._opened.pop((entry.device, entry.day), None)  # the day has a meter more by now
            case ReadingsPriced() | ReadingCorrected() | GapDeclared() as event if entry.day is not None:
                opened = self._opened_day(entry.device, entry.day)
                if opened is not None:
                    self._see_measured(opened, event)
            case PeriodClosed(true_up_nano=true_up) | PeriodRerated(true_up_nano=true_up) as event:
                key = (event.supply_point, event.bill.first)
                before = {} if isinstance(event, PeriodClosed) else self._true_ups.get(key, {})
                self._true_ups[key] = {**before, **true_up}
                self.bills += 1
                self._check(event.supply_point, event.bill)

    def _see_measured(self, opened: DayOpened, event: ReadingsPriced | ReadingCorrected | GapDeclared) -> None:
        if not isinstance(event, GapDeclared):
            self._add_live(opened, event)
            return
        step = timedelta(minutes=opened.step_minutes)
        self.gaps[opened.meters[event.meter]] |= {
            opened.start + step * (slot + 1) for slot in range(event.first, event.last)
        }

    def _opened_day(self, device: str, day: date) -> DayOpened | None:
        """How a day is priced is fixed when it opens, which the ledger has told before anything else of the day."""
        if (device, day) not in self._opened:
            self._opened[device, day] = self._days.get(device, day).opened
        return self._opened[device, day]

    def _add_live(self, opened: DayOpened, event: ReadingsPriced | ReadingCorrected) -> None:
        name = self._mains[opened.supply_point]
        main = opened.meters.index(name) if name in opened.meters else None
        live = self._live[opened.supply_point, opened.day.replace(day=1)]
        if isinstance(event, ReadingCorrected):
            if event.meter == main:
                live.update(
                    dict(
                        zip(
                            opened.line_codes,
                            map(sum, zip(event.reversed_nano, event.live_nano, strict=True)),
                            strict=True,
                        )
                    )
                )
            return
        step = timedelta(minutes=opened.step_minutes)
        for row, (meter, slot) in enumerate(zip(event.meters, event.slots, strict=True)):
            self.ends[opened.meters[meter]][opened.start + step * (slot + 1)] += 1
            if meter == main:
                for code, column in zip(opened.line_codes, event.live_nano, strict=True):
                    live[code] += column[row] if column else 0
        self.estimated += sum(event.estimated)

    def _check(self, supply_point: str, bill: Bill) -> None:
        live, true_up = self._live[supply_point, bill.first], self._true_ups[supply_point, bill.first]
        billed = bill.nano_by_code()
        codes = live.keys() | true_up.keys() | billed.keys()
        if any(live[code] + true_up.get(code, 0) != billed[code] for code in codes):
            self.off.append(f"{supply_point} {bill.first:%Y-%m}")


def _entries(ledger: Ledger) -> Iterator[LedgerEntry]:
    position = 0
    while entries := ledger.after(position, ENTRIES_PER_READ):
        yield from entries
        position = entries[-1].position
