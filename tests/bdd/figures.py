"""A month given by its figures, as a bill sums it up; and how a bill and its shares are read."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.arrays import PricedLoad
from domain.bill import Bill, BillLine, make_bill
from domain.determinants import Determinants
from domain.terms import BillingMonth, Terms
from tests.bdd.as_printed import thousandths
from tests.bdd.plant import Supply

FIFTEEN_MINUTES = timedelta(minutes=15)
SOME_TIME = datetime(2018, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Figures:
    """A month as its bill sums it up. Reactive energy is unknown until someone says it."""

    supply: Supply
    month: BillingMonth
    determinants: Determinants

    @classmethod
    def of(cls, supply: Supply, first: date, rows: list[list[str]]) -> "Figures":
        """From rows of period, kWh and highest kW; a period that is not there had nothing."""
        tariff, given = supply.tariff, {period: (kwh, kw) for period, kwh, kw in rows}
        assert given.keys() <= set(tariff.periods), f"unknown periods: {sorted(given.keys() - set(tariff.periods))}"
        cells = [given.get(period, ("0", "0")) for period in tariff.periods]
        determinants = Determinants(
            energy_wh=[thousandths(kwh) for kwh, _ in cells],
            reactive_varh=None,
            peak_wh=[thousandths(kw) * tariff.demand_minutes // 60 for _, kw in cells],
            peak_at=[SOME_TIME if period in given else None for period in tariff.periods],
        )
        return cls(supply, supply.month(first), determinants)

    def with_reactive(self, varh: int) -> "Figures":
        return replace(self, determinants=replace(self.determinants, reactive_varh=varh))

    def on_the_low_side(self) -> "Figures":
        contract = replace(self.supply.contract, metered_on_low_side=True)
        return replace(self, supply=replace(self.supply, contract=contract))

    def bill(self) -> Bill:
        tariff, month = self.supply.tariff, self.month
        rates = tariff.rate_table.in_force(month.first, month.end)
        return make_bill("plant", self.determinants, Terms(tariff, rates, self.supply.contract, month, 15))


def shares(priced: PricedLoad) -> dict[str, Decimal]:
    """What all measurements carry of each charge, in currency."""
    return {charge: Decimal(int(micro.sum())).scaleb(-6) for charge, micro in priced.cost_micro.items()}


def share(priced: PricedLoad, charge: str, start: datetime) -> Decimal:
    """What fifteen minutes carry of a charge, in currency, to the cent."""
    first, step = start - priced.load.start, timedelta(minutes=priced.load.step_minutes)
    micro = priced.cost_micro[charge][first // step : (first + FIFTEEN_MINUTES) // step]
    return round(Decimal(int(micro.sum())).scaleb(-6), 2)


def line(bill: Bill, label: str) -> BillLine:
    found = [line for line in bill.lines if line.label == label]
    assert found, f"no line {label!r}; the bill has {[line.label for line in bill.lines]}"
    return found[0]


def printed(bill: Bill) -> list[tuple[str, Decimal]]:
    """The bill's lines as a table shows them."""
    return [(line.label, line.amount) for line in bill.lines]
