"""The terms of a supply point for a month, worked out once."""

from dataclasses import dataclass, field

from application.ports import Tariffs
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth, Terms


@dataclass(frozen=True)
class TermsOf:
    """Tariff and rates in force for a supply point and month. Raises `NoPriceInForce` or `InvalidTariff`."""

    tariffs: Tariffs
    _known: dict[tuple[str, BillingMonth], Terms] = field(default_factory=dict)

    def __call__(self, point: SupplyPoint, month: BillingMonth) -> Terms:
        key = (point.id, month)
        if key not in self._known:
            tariff = self.tariffs.get(point.tariff)
            rates = tariff.rate_table.in_force(month.first, month.end)
            self._known[key] = Terms(tariff, rates, point.contract, month, point.step_minutes)
        return self._known[key]
