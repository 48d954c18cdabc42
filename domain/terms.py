"""The terms of one supply point for one billing month: tariff, rates in force, contract, and the month itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from domain.charges.indexed import IndexedPrice, PriceSeries
from domain.determinants import Determinants
from domain.errors import BadReadings, ContractIncomplete, NoPriceInForce
from domain.gauges import AnyGauge, IndexedEnergy
from domain.money import micro
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
    def days_in_year(self) -> int:
        return (date(self.first.year + 1, 1, 1) - date(self.first.year, 1, 1)).days

    def intervals(self, step_minutes: int) -> int:
        """How many intervals the month has; a month with a clock change has an hour less or more."""
        return int((self.end_utc - self.start_utc) / timedelta(minutes=step_minutes))

    def next(self) -> "BillingMonth":
        return BillingMonth(self.end, self.zone)

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


History = Mapping[str, Mapping[date, Fraction]]
"""Measured kW by demand charge and billing month (its first day): what ratchets and look-backs remember."""


@dataclass(frozen=True)
class Terms:
    """Everything a month's charges need apart from the load.

    Raises `NoPriceInForce` when a charge has no rate, `BadReadings` for a step the tariff cannot be measured with.
    """

    tariff: Tariff
    rates: Rates
    contract: Contract
    month: BillingMonth
    step_minutes: int
    history: History = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_step(self.step_minutes, self.tariff)
        keys = (key for charge in self.tariff.charges for key in (*charge.rate_keys, *charge.percent_keys))
        missing = [key for key in keys if key not in self.rates.values]
        if missing:
            raise NoPriceInForce(
                f"tariff {self.tariff.id} has no rate for {', '.join(missing)} in {self.month}; "
                f"its source does not state it: give it with --rate {missing[0]}=AMOUNT"
            )

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
        """A published price series by name. Raises `NoPriceInForce` when it was not given."""
        for series in self.tariff.series:
            if series.name == name:
                return series
        raise NoPriceInForce(
            f"{needed_by} needs the price series {name!r}, which was not given; give it with --series {name}=FILE"
        )

    def indexed(self, charge: IndexedPrice) -> IndexedEnergy:
        """The month's prices of an indexed charge, worked out once."""
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
        return self.month.intervals(self.step_minutes)

    def accrued_nano(self, d: Determinants) -> list[int]:
        """The bill to date in nano-currency, one integer per line code of the tariff."""
        return [nano for accrue in self._accruals for nano in accrue(d, self)]

    @cached_property
    def _accruals(self) -> tuple[Callable[[Determinants, "Terms"], tuple[int, ...]], ...]:
        return tuple(charge.accrued_nano for charge in self.tariff.charges)


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
