"""Energy at a published price of its own for every hour or quarter of an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from domain.bill import ByEnergy, GrossLine
from domain.charges.charge import Named
from domain.determinants import Determinants
from domain.errors import NoPriceInForce
from domain.gauges import AnyGauge, IndexedEnergy
from domain.money import EXACT, nano_to_decimal, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Published prices of consecutive blocks, in micro-currency of the tariff per kWh; None where unknown.

    A series in another unit or currency is converted where it is read, and says so in its source.
    """

    name: str
    minutes: int
    start: datetime
    prices_micro: tuple[int | None, ...]
    source: str


@dataclass(frozen=True)
class IndexedPrice(Named):
    """Sum over blocks of kWh x (factor x price x (1 + losses) + adder), the adder and the losses from the rate table.

    Rates: `code.adder` in currency per kWh; percent: `code.factor` and `code.losses`. Each block's price is rounded
    half up to micro-currency per kWh before it meets the energy, so that a measurement's cost is an exact integer.
    A block without a price refuses the bill and names the block. `exported` is the energy delivered to the grid.
    """

    series: str
    exported: bool = False

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return (f"{self.code}.adder",)

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return (f"{self.code}.factor", f"{self.code}.losses")

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (self._gauge(terms),)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (terms.gauge(d, self._gauge(terms))[0],)

    def cost(self, d: Determinants, terms: "Terms") -> Decimal:
        """What the energy costs at its prices. Raises `NoPriceInForce` for a block without one."""
        nano, unpriced_wh, first_s = terms.gauge(d, self._gauge(terms))
        if unpriced_wh:
            first = datetime.fromtimestamp(first_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
            raise NoPriceInForce(
                f"tariff {terms.tariff.id}: series {self.series!r} has no price for {first} "
                f"({unpriced_wh / 1000:,.3f} kWh in all are without one); add the missing prices"
            )
        return nano_to_decimal(nano)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        kwh, cost = Decimal(d.total_wh).scaleb(-3), self.cost(d, terms)
        mean = EXACT.divide(cost, kwh).quantize(Decimal("0.000001")) if kwh else Decimal(0)
        factor, losses, adder = (terms.rates.values[f"{self.code}.{key}"] for key in ("factor", "losses", "adder"))
        return (
            GrossLine(
                code=self.code,
                charge=self.code,
                group=self.group,
                label=self.label,
                quantity=kwh,
                unit="kWh",
                rate=mean,
                rate_unit=f"{terms.tariff.currency}/kWh, mean",
                formula=f"sum of kWh x ({factor} % x {self.series} x (1 + {losses} %) + {adder}) over {plain(kwh)} kWh",
                gross=cost,
                source="; ".join((self.cited(terms), terms.series_of(self.series, self.label).source)),
                basis=ByEnergy(tuple(range(len(d.energy_wh)))),
            ),
        )

    def _gauge(self, terms: "Terms") -> IndexedEnergy:
        return terms.indexed(self)

    def gauge_of(self, terms: "Terms") -> IndexedEnergy:
        """The part's prices as the customer pays them; built once for a part by `Terms.indexed`."""
        series, values = terms.series_of(self.series, self.label), terms.rates.values
        step_s, start_s = series.minutes * 60, int(series.start.timestamp())
        first = max(0, (int(terms.start_utc.timestamp()) - start_s) // step_s)
        last = max(first, -((start_s - int(terms.end_utc.timestamp())) // step_s))
        factor = values[f"{self.code}.factor"] / 100 * (1 + values[f"{self.code}.losses"] / 100)
        adder = values[f"{self.code}.adder"] * 1_000_000
        prices = series.prices_micro[first:last]
        paid = (None if p is None else int((factor * p + adder).to_integral_value("ROUND_HALF_UP")) for p in prices)
        return IndexedEnergy(series.minutes, start_s + first * step_s, tuple(paid), self.exported)
