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
from domain.gauges import AnyGauge, IndexedEnergy, RegisterByPeriod
from domain.money import EXACT, nano_to_decimal, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms


@dataclass(frozen=True)
class IndexedPrice(Named):
    """Sum over blocks of kWh x (factor x price x (1 + losses) + adder), the adder and the losses from the rate table.

    Rates: `code.adder` in currency per kWh; percent: `code.factor` and `code.losses`. Energy x published price is added
    up exactly; factor, losses and adder, which are the same in all blocks, meet the sum. A block without a price
    refuses the bill and names the block. `exported` is the energy delivered to the grid.
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
        nano, unpriced_wh, _ = terms.gauge(d, self._gauge(terms))
        return (int(self._paid(nano, self._wh(d, terms) - unpriced_wh, terms).scaleb(9)),)

    def cost(self, d: Determinants, terms: "Terms") -> Decimal:
        """What the energy costs at its prices. Raises `NoPriceInForce` for a block without one."""
        nano, unpriced_wh, first_s = terms.gauge(d, self._gauge(terms))
        if unpriced_wh:
            first = datetime.fromtimestamp(first_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
            raise NoPriceInForce(
                f"tariff {terms.tariff.id}: series {self.series!r} has no price for {first} "
                f"({unpriced_wh / 1000:,.3f} kWh in all are without one); add the missing prices"
            )
        return self._paid(nano, self._wh(d, terms), terms)

    def _paid(self, nano: int, wh: int, terms: "Terms") -> Decimal:
        """What `wh`, which at published prices come to `nano` of the series' currency, cost; exactly."""
        adder = terms.rates.values[f"{self.code}.adder"]
        return EXACT.add(
            EXACT.multiply(nano_to_decimal(nano), self._multiplier(terms)),
            EXACT.multiply(adder, Decimal(wh).scaleb(-3)),
        )

    def _wh(self, d: Determinants, terms: "Terms") -> int:
        return sum(terms.gauge(d, exported(terms))) if self.exported else sum(d.energy_wh)

    def _multiplier(self, terms: "Terms") -> Decimal:
        values, worth = terms.rates.values, terms.series_of(self.series, self.label).worth
        factor = EXACT.multiply(values[f"{self.code}.factor"], 100 + values[f"{self.code}.losses"]).scaleb(-4)
        return EXACT.multiply(factor, worth)

    def price(self, published_micro: int, terms: "Terms") -> Decimal:
        """What a kWh costs in a block, in the tariff's currency."""
        published = EXACT.multiply(Decimal(published_micro).scaleb(-6), self._multiplier(terms))
        return EXACT.add(published, terms.rates.values[f"{self.code}.adder"])

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
        """The part's prices as they are published; built once for a part by `Terms.indexed`."""
        series = terms.series_of(self.series, self.label)
        published = IndexedEnergy(series.minutes, series.start_s, series.prices_micro, self.exported)
        return published.between(int(terms.start_utc.timestamp()), int(terms.end_utc.timestamp()))


def exported(terms: "Terms") -> RegisterByPeriod:
    """The gauge of energy delivered to the grid, by period of the tariff."""
    return RegisterByPeriod("export_wh", len(terms.tariff.periods))
