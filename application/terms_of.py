"""The terms of a supply point for a month, worked out once."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from application.ports import Tariffs
from domain.supply_point import SupplyPoint
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Terms


@dataclass(frozen=True)
class TermsOf:
    """Tariff and rates in force for a supply point and month. Raises `NoPriceInForce` or `InvalidTariff`.

    With `rates_of` every month is priced at the rates of that day's month, as a stated assumption.
    """

    tariffs: Tariffs
    rates_of: date | None = None
    _known: dict[tuple[str, BillingMonth], Terms] = field(default_factory=dict)

    def __call__(self, point: SupplyPoint, month: BillingMonth) -> Terms:
        key = (point.id, month)
        if key not in self._known:
            tariff = self.tariffs.get(point.tariff)
            rates = self._rates(tariff, month)
            self._known[key] = Terms(tariff, rates, point.contract, month, point.step_minutes)
        return self._known[key]

    def _rates(self, tariff: Tariff, month: BillingMonth) -> Rates:
        if self.rates_of is None:
            return tariff.rate_table.in_force(month.first, month.end)
        first = self.rates_of.replace(day=1)
        rates = tariff.rate_table.in_force(first, (first + timedelta(days=31)).replace(day=1))
        return replace(rates, assumption=f"Priced at the rates of {first:%Y-%m}, not at those of its own month.")
