"""Price a whole load: the bill of every month it touches, and the cost of every interval, which add up to the bills."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from domain.agreements import NO_HISTORY, Agreements
from domain.arrays.calendar_year import periods_and_offsets
from domain.arrays.determinants import MonthOfLoad, billing_months, part_of_load
from domain.arrays.gauges import read_gauges
from domain.arrays.load import Billed, Int, Load, Periods, PricedLoad
from domain.arrays.shares import check_budget, share_line
from domain.bill import Basis, Bill, BillLine, Evenly, bill_of_parts
from domain.tariff import Tariff
from domain.terms import Contract, History, Terms, check_step, joined


def price_load(
    load: Load,
    tariff: Tariff,
    contract: Contract,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> PricedLoad:
    """Bill each billing month of `load` under one tariff and contract, and share each bill among its intervals.

    `history` holds the demand of months before the load, for ratchets and look-backs; each month billed here joins it.
    `rates_of` prices every month at the rates of one month (its first day): a what-if, and said so on the bill.
    Raises `NoPriceInForce`, `ContractIncomplete`, or `BadReadings` for a step the tariff cannot be measured with.
    """
    return price_agreed(load, Agreements.of(tariff, contract), zone, rates_of, history)


def price_agreed(
    load: Load,
    agreements: Agreements,
    zone: ZoneInfo,
    rates_of: date | None = None,
    history: History = NO_HISTORY,
) -> PricedLoad:
    """As `price_load`, under tariffs and contracts that change with time: each month is billed in its parts.

    Raises what `price_load` raises; `NoPriceInForce` also where the load begins before the first agreement.
    """
    check_agreed(load, agreements, zone)
    pricing, remembered = _Pricing(load, agreements.tariffs, zone), joined(history)
    for month in billing_months(load, zone):
        bill = pricing.bill(agreements.terms_of(month, load.step_minutes, remembered, rates_of))
        remembered = joined(remembered, bill.remembered)
    return pricing.priced()


def price_month(load: Load, parts: Sequence[Terms]) -> PricedLoad:
    """Bill one billing month by the terms of its parts, as they are. `load` lies within that month.

    Raises what `price_load` raises.
    """
    tariffs: list[Tariff] = []
    for terms in parts:
        check_step(load.step_minutes, terms.tariff)
        if not any(terms.tariff is tariff for tariff in tariffs):
            tariffs.append(terms.tariff)
    pricing = _Pricing(load, tariffs, parts[0].month.zone)
    pricing.bill(parts)
    return pricing.priced()


class _Pricing:
    """A load on its way to its bills, month by month."""

    def __init__(self, load: Load, tariffs: Sequence[Tariff], zone: ZoneInfo) -> None:
        self._load, self._tariffs, self._zone = load, tariffs, zone
        self._calendars = Calendars(tariffs, load, zone)
        self._cost = {code: np.zeros(len(load.energy_wh), dtype=np.int64) for code in self._calendars.charge_codes}
        self._bills: list[Bill] = []
        self._billed: list[tuple[Billed, ...]] = []

    def bill(self, every: Sequence[Terms]) -> Bill:
        """The bill of the next month, by the terms of its parts; its cost is shared among the intervals."""
        parts: list[tuple[MonthOfLoad, Terms]] = []
        for terms in every:
            part = part_of_load(self._load, self._calendars.of(terms.tariff), terms.tariff, terms.span)
            read_gauges(self._load, part, terms.gauges)
            self._calendars.see(part, terms.tariff)
            parts.append((part, terms))
        bill = bill_of_parts(self._load.meter, [(part.determinants, terms) for part, terms in parts])
        _share(bill, self._load, [part for part, _ in parts], self._cost)
        self._bills.append(bill)
        self._billed.append(tuple(Billed(part, terms) for part, terms in parts))
        return bill

    def priced(self) -> PricedLoad:
        *earlier, tariff = self._tariffs
        return PricedLoad(
            load=self._load,
            tariff=tariff,
            zone=self._zone,
            bills=tuple(self._bills),
            period=self._calendars.period,
            offset_s=self._calendars.offset_s,
            cost_micro=self._cost,
            earlier=tuple(earlier),
            billed=tuple(self._billed),
        )


def check_agreed(load: Load, agreements: Agreements, zone: ZoneInfo) -> None:
    """Raises `NoPriceInForce` for a load before the first agreement, `BadReadings` for a step no tariff can use."""
    agreements.of_day(load.start.astimezone(zone).date())
    for tariff in agreements.tariffs:
        check_step(load.step_minutes, tariff)


def micro_by_line(load: Load, bill: Bill, terms: Sequence[Terms]) -> dict[str, Int]:
    """What each interval of a month bears of each line code of its bill, in micro-currency.

    `load` is the whole month, `bill` that of the parts `terms`. A code adds up to its lines on the bill, exactly.
    """
    parts = list[MonthOfLoad]()
    for part in terms:
        period, _ = periods_and_offsets(load, part.tariff.calendar, part.month.zone)
        parts.append(part_of_load(load, period, part.tariff, part.span))
    found: dict[str, Int] = {}
    for line, span, shares in _shares(bill, load, parts):
        found.setdefault(line.code, np.zeros(len(load.energy_wh), dtype=np.int64))[span] += shares
    return found


class Calendars:
    """Which period holds in each interval: by each tariff's own calendar, and by those that were in force."""

    def __init__(self, tariffs: Sequence[Tariff], load: Load, zone: ZoneInfo) -> None:
        self._load, self._zone = load, zone
        self._tariffs = tariffs
        first, self.offset_s = periods_and_offsets(load, tariffs[0].calendar, zone)
        self._own = {id(self._tariffs[0]): first}
        self._names = list(dict.fromkeys(name for tariff in self._tariffs for name in tariff.periods))
        self.period = first if len(self._tariffs) == 1 else first.copy()

    @property
    def charge_codes(self) -> list[str]:
        return list(dict.fromkeys(charge.code for tariff in self._tariffs for charge in tariff.charges))

    def of(self, tariff: Tariff) -> Periods:
        """By the tariff's own indexes."""
        if id(tariff) not in self._own:
            self._own[id(tariff)] = periods_and_offsets(self._load, tariff.calendar, self._zone)[0]
        return self._own[id(tariff)]

    def see(self, part: MonthOfLoad, tariff: Tariff) -> None:
        """A tariff was in force: its periods, by their names, hold in the part."""
        if len(self._tariffs) > 1:
            indexes = np.array([self._names.index(name) for name in tariff.periods], dtype=np.int8)
            self.period[part.span] = indexes[part.period]


def _share(bill: Bill, load: Load, parts: Sequence[MonthOfLoad], cost: dict[str, Int]) -> None:
    for line, span, shares in _shares(bill, load, parts):
        cost[line.charge][span] += shares


def _shares(bill: Bill, load: Load, parts: Sequence[MonthOfLoad]) -> Iterator[tuple[BillLine, slice, Int]]:
    """Each line among the intervals of its part; what stands for all of the bill among those of the month.

    Raises `TooLarge`.
    """
    check_budget(bill)
    whole = parts[0] if len(parts) == 1 else _whole(load, parts)
    of_month: dict[str, Int] = {}
    of_parts: list[dict[str, Int]] = [{} for _ in parts]
    weights: dict[int, dict[Basis, Int]] = {id(of): {} for of in (whole, *parts)}
    for one in bill.lines:
        line, (of, by_line) = one, (whole, of_month) if one.part is None else (parts[one.part], of_parts[one.part])
        if not len(of.energy_wh):  # the load has nothing of this part: the month's intervals bear it
            line, of, by_line = replace(line, basis=Evenly()), whole, of_month
        shares = share_line(line, of, by_line, weights[id(of)])
        yield line, of.span, shares
        _add(by_line, line.code, shares)
        if of is not whole:
            inside = np.zeros_like(whole.energy_wh)
            inside[of.span.start - whole.span.start : of.span.stop - whole.span.start] = shares
            _add(of_month, line.code, inside)


def _add(by_line: dict[str, Int], code: str, shares: Int) -> None:
    by_line[code] = by_line[code] + shares if code in by_line else shares


def _whole(load: Load, parts: Sequence[MonthOfLoad]) -> MonthOfLoad:
    """All parts as one; without blocks or determinants, which lines that stand for all of the bill do not ask for."""
    span = slice(parts[0].span.start, parts[-1].span.stop)
    none = np.zeros(0, dtype=np.int64)
    return replace(
        parts[0],
        span=span,
        energy_wh=load.energy_wh[span],
        period=np.concatenate([part.period for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        block_of=none,
        block_wh=none,
        block_period=none.astype(np.int8),
    )
