"""The terms of one supply point for one part of a billing month: tariff, rates in force, contract, and the days."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Literal
from zoneinfo import ZoneInfo

from domain.charges.indexed import IndexedPrice
from domain.determinants import Determinants
from domain.errors import BadReadings, ContractIncomplete, NoPriceInForce
from domain.gauges import AnyGauge, IndexedEnergy
from domain.live_cost import Accrue, LiveCost
from domain.money import Ratio, fraction_to_decimal, micro
from domain.price_series import PriceSeries, series_between
from domain.tariff import Rates, Tariff


@dataclass(frozen=True)
class BillingMonth:
    """A calendar month of the supply point's civil time: local days `[first, end)` in `zone`."""

    first: date
    zone: ZoneInfo

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> "BillingMonth":
        """The month that holds a UTC instant."""
        return cls(instant.astimezone(zone).date().replace(day=1), zone)

    @cached_property
    def end(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    @cached_property
    def start_utc(self) -> datetime:
        return midnight_utc(self.first, self.zone)

    @cached_property
    def end_utc(self) -> datetime:
        return midnight_utc(self.end, self.zone)

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def every_day(self) -> "tuple[date, ...]":
        """Its local days, in order."""
        return tuple(self.first + timedelta(days=i) for i in range(self.days))

    @property
    def days_in_year(self) -> int:
        return (date(self.first.year + 1, 1, 1) - date(self.first.year, 1, 1)).days

    def intervals(self, step_minutes: int) -> int:
        """How many intervals the month has; a month with a clock change has an hour less or more."""
        return int((self.end_utc - self.start_utc) / timedelta(minutes=step_minutes))

    def next(self) -> "BillingMonth":
        return BillingMonth(self.end, self.zone)

    def before(self) -> "BillingMonth":
        return BillingMonth((self.first - timedelta(days=1)).replace(day=1), self.zone)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Contract:
    """What the customer agreed with the utility: kW by period (or for `all` periods) and where the meter sits."""

    contracted_kw: Mapping[str, Decimal] = field(default_factory=dict)
    metered_on_low_side: bool = False

    def kw(self, period: str, needed_by: str) -> Decimal:
        """Contracted kW; raises `ContractIncomplete` naming the charge that needs it."""
        found = self.contracted_kw.get(period, self.contracted_kw.get("all"))
        if found is None:
            raise ContractIncomplete(
                f"{needed_by} needs the contracted power of period {period!r}, which was not given; "
                f"declare it with --contracted-kw {period}=KW"
            )
        return found


@dataclass(frozen=True)
class Part:
    """Local days `[first, end)` of a billing month; most months are one part, the whole of themselves."""

    month: BillingMonth
    first: date
    end: date

    @classmethod
    def whole(cls, month: BillingMonth) -> "Part":
        return cls(month, month.first, month.end)

    @cached_property
    def start_utc(self) -> datetime:
        return midnight_utc(self.first, self.month.zone)

    @cached_property
    def end_utc(self) -> datetime:
        return midnight_utc(self.end, self.month.zone)

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def share(self) -> Fraction:
        """Days of the part / days of the month: what it bears of an amount per month."""
        return Fraction(self.days, self.month.days)

    def intervals(self, step_minutes: int) -> int:
        return int((self.end_utc - self.start_utc) / timedelta(minutes=step_minutes))


Per = Literal["month", "day", "year"]
"""What a rate is for one of, beside the kW."""

History = Mapping[str, Mapping[date, Fraction]]
"""What charges remember of earlier parts: by key (a charge's code, or `code.period`) and the part's first local day.

A month that is one part has one entry, at its own first day. Look-backs count months, never parts.
"""


def joined(*histories: History) -> dict[str, dict[date, Fraction]]:
    """Several histories as one; the later word counts."""
    found: dict[str, dict[date, Fraction]] = {}
    for history in histories:
        for key, entries in history.items():
            found.setdefault(key, {}).update(entries)
    return found


@dataclass(frozen=True)
class Terms:
    """Everything the charges of one part of a month need apart from the load; without `part` it is the whole month.

    Amounts per month bear `share` of themselves, amounts per day and per year the part's days.
    Raises `NoPriceInForce` when a charge has no rate, `BadReadings` for a step the tariff cannot be measured with.
    """

    tariff: Tariff
    rates: Rates
    contract: Contract
    month: BillingMonth
    step_minutes: int
    history: History = field(default_factory=dict)
    part: Part | None = None

    def __post_init__(self) -> None:
        check_step(self.step_minutes, self.tariff)
        keys = (key for charge in self.tariff.charges for key in (*charge.rate_keys, *charge.percent_keys))
        missing = [key for key in dict.fromkeys(keys) if key not in self.rates.values]
        if missing:
            raise NoPriceInForce(
                f"tariff {self.tariff.id} has no rate for {', '.join(missing)} in {self.month}; "
                f"its source does not state it: give it with --rate {missing[0]}=AMOUNT"
            )

    def after(self, earlier: History) -> "Terms":
        """These terms, with what earlier parts of the same month remembered."""
        return replace(self, history=joined(self.history, earlier)) if earlier else self

    @cached_property
    def span(self) -> Part:
        return self.part or Part.whole(self.month)

    @cached_property
    def first(self) -> date:
        return self.span.first

    @cached_property
    def end(self) -> date:
        return self.span.end

    @property
    def start_utc(self) -> datetime:
        return self.span.start_utc

    @property
    def end_utc(self) -> datetime:
        return self.span.end_utc

    @cached_property
    def days(self) -> int:
        return self.span.days

    @cached_property
    def share(self) -> Ratio:
        """What the part bears of an amount per month, rounded as the tariff rounds it."""
        exact, places = self.span.share, self.tariff.share_places
        if exact == 1:
            return 1
        return exact if places is None else Fraction(floor(exact * 10**places + Fraction(1, 2)), 10**places)

    def times(self, per: Per) -> Ratio:
        """How often the part bears an amount per month, per day or per year."""
        if per == "month":
            return self.share
        return Fraction(self.days, 1 if per == "day" else self.month.days_in_year)

    def times_in_words(self, per: Per) -> str:
        """How a formula says it."""
        if per == "month":
            return self.of_the_month
        return f" x {self.days} days" if per == "day" else f" x {self.days}/{self.month.days_in_year} days"

    @cached_property
    def of_the_month(self) -> str:
        """How a formula says that an amount per month is taken for some days only; empty for a whole month."""
        if self.share == 1:
            return ""
        days = f"{self.days}/{self.month.days}"
        if self.tariff.share_places is not None:
            return f" x {fraction_to_decimal(self.share)} ({days}) of the month"
        return f" x {days} of the month"

    @cached_property
    def micro(self) -> dict[str, int]:
        """Each rate as integer micro-currency per its unit; percentages stay decimals and are not here."""
        keys = (key for charge in self.tariff.charges for key in charge.rate_keys)
        return {key: micro(self.rates.values[key], key) for key in keys}

    @cached_property
    def gauges(self) -> tuple[AnyGauge, ...]:
        """What the tariff reads besides energy and maxima, each thing once.

        Raises `BadReadings` where readings are too far apart for a block of a charge or of a price series.
        """
        found = tuple(dict.fromkeys(gauge for charge in self.tariff.charges for gauge in charge.gauges(self)))
        for gauge in found:
            if gauge.minutes % self.step_minutes:
                raise BadReadings(
                    f"tariff {self.tariff.id} looks at blocks of {gauge.minutes} minutes; readings of "
                    f"{self.step_minutes} minutes cannot tell: use readings of 5 minutes, or of any that divides it"
                )
        return found

    def series_of(self, name: str, needed_by: str) -> PriceSeries:
        """What was published of a price series, for the days of these terms; worked out once.

        Raises `NoPriceInForce` where nothing was, or where prices of these days have several rates of exchange.
        """
        if name not in self._series:
            published = [series for series in self.tariff.series if series.name == name]
            if not published:
                raise NoPriceInForce(
                    f"{needed_by} needs the price series {name!r}, which was not given; give it with --series "
                    f"{name}=FILE; a ledger gets it by `wattledger ledger publish --series {name}=FILE`"
                )
            self._series[name] = series_between(published, self.start_utc, self.end_utc)
        return self._series[name]

    @cached_property
    def _series(self) -> dict[str, PriceSeries]:
        return {}

    def indexed(self, charge: IndexedPrice) -> IndexedEnergy:
        """The part's prices of an indexed charge, worked out once."""
        if charge.code not in self._indexed:
            self._indexed[charge.code] = charge.gauge_of(self)
        return self._indexed[charge.code]

    @cached_property
    def _indexed(self) -> dict[str, IndexedEnergy]:
        return {}

    def gauge(self, d: Determinants, gauge: AnyGauge) -> list[int]:
        """The state of a gauge; the empty one where nothing was measured yet."""
        return d.gauges[self._gauge_index[gauge]] if d.gauges else gauge.empty()

    @cached_property
    def _gauge_index(self) -> dict[AnyGauge, int]:
        return {gauge: i for i, gauge in enumerate(self.gauges)}

    @cached_property
    def intervals(self) -> int:
        return self.span.intervals(self.step_minutes)

    def accrued_nano(self, d: Determinants) -> list[int]:
        """The part's bill to date in nano-currency, one integer per line code of the tariff."""
        return [nano for accrue in self._accruals for nano in accrue(d)]

    @cached_property
    def _accruals(self) -> tuple[Accrue, ...]:
        return tuple(charge.accrue(self) for charge in self.tariff.charges)

    @cached_property
    def live_cost(self) -> LiveCost:
        """How that grows by measurements, prepared once for all meters."""
        return LiveCost.of(self)


def check_step(step_minutes: int, tariff: Tariff) -> None:
    """Raises `BadReadings` when readings so far apart cannot tell the tariff's demand or periods."""
    if tariff.demand_minutes % step_minutes:
        raise BadReadings(
            f"tariff {tariff.id} measures demand in blocks of {tariff.demand_minutes} minutes; "
            f"readings of {step_minutes} minutes cannot tell it: use readings of 5 minutes, or of any that divides it"
        )


def midnight_utc(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a local day begins.

    Where a clock change skips midnight, that is the first instant of the new day, as `fold` arithmetic gives it.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
