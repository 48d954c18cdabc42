"""The terms of a supply point, part by part of a month."""

from dataclasses import dataclass, field
from datetime import date

from application.ports import BillingPeriods, Tariffs
from domain.agreements import Agreed, Agreements, part_of_day
from domain.supply_point import SupplyPoint
from domain.tariff import Tariff
from domain.terms import BillingMonth, History, Terms, joined


@dataclass(frozen=True, slots=True)
class _Known:
    """Terms, and what they were worked out from."""

    point: SupplyPoint
    tariffs: tuple[Tariff, ...]
    parts: tuple[Terms, ...]


@dataclass(frozen=True)
class TermsOf:
    """Tariff, rates in force, contract and history of a supply point. Raises `NoPriceInForce` or `InvalidTariff`.

    A changed registration and a changed tariff count from the next call on. History is what the bills of earlier
    months remember, as many months back as a charge looks (36 at most in tariff files); a month that is not closed
    remembers nothing. Without `periods` there is none.
    """

    tariffs: Tariffs
    periods: BillingPeriods | None = None
    _known: dict[tuple[str, BillingMonth], _Known] = field(default_factory=dict)

    def __call__(self, point: SupplyPoint, month: BillingMonth, day: date | None = None) -> Terms:
        """The terms of the part of the month that holds a local day; of its first part, where no day is given.

        They are worked out once; bills that are closed later are in the history only after `parts` was asked.
        """
        known = self._known.get((point.id, month))
        tariffs = self._tariffs_of(point)
        if known is None or known.point != point or not _are_the_same(known.tariffs, tariffs):
            return self._of(self.parts(point, month), day)
        return self._of(known.parts, day)

    def parts(self, point: SupplyPoint, month: BillingMonth) -> tuple[Terms, ...]:
        """The terms of all parts of a month, in order, with the history as it is now."""
        tariffs = self._tariffs_of(point)
        agreed = (
            Agreed(one.since, tariff, one.contract) for one, tariff in zip(point.agreements, tariffs, strict=True)
        )
        agreements = Agreements(tuple(agreed), point.meter_changed)
        parts = agreements.terms_of(month, point.step_minutes)
        back = max(charge.months_back for terms in parts for charge in terms.tariff.charges)
        if history := self._history(point, month, back):
            parts = agreements.terms_of(month, point.step_minutes, history)
        self._known[point.id, month] = _Known(point, tariffs, parts)
        return parts

    def _of(self, parts: tuple[Terms, ...], day: date | None) -> Terms:
        return parts[0] if day is None else part_of_day(parts, day)

    def _tariffs_of(self, point: SupplyPoint) -> tuple[Tariff, ...]:
        return tuple([self.tariffs.get(agreement.tariff) for agreement in point.agreements])

    def _history(self, point: SupplyPoint, month: BillingMonth, months_back: int) -> History:
        found: list[History] = []
        for _ in range(months_back if self.periods is not None else 0):
            month = month.before()
            bills = self.periods.get(point.id, month).bills if self.periods is not None else ()
            if bills:  # a reopened month is remembered by its last bill until it has the next
                found.append(bills[-1].remembered)
        return joined(*found)


def _are_the_same(known: tuple[Tariff, ...], tariffs: tuple[Tariff, ...]) -> bool:
    """Tariffs are told by their versions; only a registry that makes them anew each time pays for it."""
    return len(known) == len(tariffs) and all(
        one is other or (one.id, one.version) == (other.id, other.version)
        for one, other in zip(known, tariffs, strict=True)
    )
