"""Prove it: what the devices took against what the ledger holds, reading by reading and cent by cent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from application.ports import Ledger, LedgerEntry, MeteringDays
from domain.events import DayOpened, PeriodClosed, ReadingCorrected, ReadingsPriced

ENTRIES_PER_READ = 1000


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Counts of readings, and the bills that are not live costs plus true-up (there must be none)."""

    taken: int
    opening: int
    priced: int
    estimated: int
    lost: int
    priced_twice: int
    bills: int
    bills_off: tuple[str, ...]

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
    lost = sum(1 for meter, instant in instants if instant not in found.ends.get(meter, {}))
    return Reconciliation(
        taken=len(instants),
        opening=opening,
        priced=len(instants) - lost,
        estimated=found.estimated,
        lost=lost,
        priced_twice=sum(times - 1 for counted in found.ends.values() for times in counted.values()),
        bills=found.bills,
        bills_off=tuple(found.off),
    )


class _Found:
    """What the ledger says: how often each interval was priced, and each month's live cost as its events add up."""

    def __init__(self, days: MeteringDays, mains: Mapping[str, str]) -> None:
        self._days = days
        self._mains = mains
        self._opened: dict[tuple[str, date], DayOpened | None] = {}
        self._live: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
        self.ends: dict[str, Counter[datetime]] = defaultdict(Counter)
        self.estimated = 0
        self.bills = 0
        self.off: list[str] = []

    def see(self, entry: LedgerEntry) -> None:
        match entry.event:
            case DayOpened() if entry.day is not None:
                self._opened[entry.device, entry.day] = entry.event
            case ReadingsPriced() | ReadingCorrected() if entry.day is not None:
                opened = self._opened_day(entry.device, entry.day)
                if opened is not None:
                    self._add_live(opened, entry.event)
            case PeriodClosed():
                self.bills += 1
                self._check(entry.event)

    def _opened_day(self, device: str, day: date) -> DayOpened | None:
        """How a day is priced is fixed when it opens, which the ledger has told before anything else of the day."""
        if (device, day) not in self._opened:
            self._opened[device, day] = self._days.get(device, day).opened
        return self._opened[device, day]

    def _add_live(self, opened: DayOpened, event: ReadingsPriced | ReadingCorrected) -> None:
        main = opened.meters.index(self._mains[opened.supply_point])
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

    def _check(self, closed: PeriodClosed) -> None:
        bill, live = closed.bill, self._live[closed.supply_point, closed.bill.first]
        billed = bill.nano_by_code()
        codes = live.keys() | closed.true_up_nano.keys() | billed.keys()
        if any(live[code] + closed.true_up_nano.get(code, 0) != billed[code] for code in codes):
            self.off.append(f"{closed.supply_point} {bill.first:%Y-%m}")


def _entries(ledger: Ledger) -> Iterator[LedgerEntry]:
    position = 0
    while entries := ledger.after(position, ENTRIES_PER_READ):
        yield from entries
        position = entries[-1].position
