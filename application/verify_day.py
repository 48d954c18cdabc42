"""One metering day computed a second time: what it began with, and what its measurements cost live."""

from dataclasses import dataclass, replace
from decimal import Decimal

from domain.arrays.day_book import DayBook
from domain.determinants import Determinants
from domain.events import DayOpened
from domain.money import MICRO
from domain.terms import Terms
from domain.verification import Compared, Verification


@dataclass(frozen=True)
class DayCheck:
    """Compares a day's events with its own measurements. `terms` are those that hold for the day by now."""

    found: Verification
    where: str
    book: DayBook
    terms: Terms

    def opening(self, before: DayBook | None) -> None:
        """Each meter begins with its month at the end of the day before, or with nothing where its part begins.

        A day that was opened by rules which were amended since may have begun a part that is none any more.
        """
        opened = self.book.opened
        nothing = Determinants.nothing(len(opened.periods), opened.gauges)
        carried = {} if before is None else dict(zip(before.opened.meters, before.months(), strict=True))
        for meter, opening in zip(opened.meters, opened.opening, strict=True):
            wanted = [nothing if self.terms.first == opened.day else carried.get(meter, nothing)]
            if not _are_now(opened, self.terms):
                wanted = [nothing, carried.get(meter, nothing)]
            chosen = next((one for one in wanted if one == opening), wanted[-1])
            for name, there, computed in _each(opened, opening, chosen):
                self.found.compare(Compared.BALANCES, f"{self.where} {meter}: {name} carried", there, computed)

    def live(self) -> None:
        """What a day's measurements cost is what the month's bill to date grew by from its opening to its end."""
        opened = self.book.opened
        terms = _as_opened(opened, self.terms)
        if terms is None:
            self.found.not_compared.append(
                f"{self.where}: its live costs follow rules that tariff {opened.tariff} no longer has"
            )
            return
        rows = zip(opened.meters, self.book.months(), opened.opening_nano, self.book.live_nano, strict=True)
        for meter, month, before, live in rows:
            accrued = terms.accrued_nano(month)
            for code, nano, new, old in zip(opened.line_codes, live, accrued, before, strict=True):
                self.found.compare_nano(Compared.LIVE, f"{self.where} {meter} {code}: live cost", nano, new - old)


def _are_now(opened: DayOpened, terms: Terms) -> bool:
    """Whether the day was opened by the rates and rules that hold for it by now."""
    return (opened.line_codes, opened.rates_micro, opened.periods) == (
        terms.tariff.line_codes,
        terms.micro,
        terms.tariff.periods,
    )


def _as_opened(opened: DayOpened, terms: Terms) -> Terms | None:
    """These terms at the rates that the day was opened with; None where more than rates was amended."""
    if (opened.line_codes, opened.periods, opened.gauges) != (
        terms.tariff.line_codes,
        terms.tariff.periods,
        terms.gauges,
    ):
        return None
    if opened.rates_micro == terms.micro:
        return terms
    values = dict(terms.rates.values) | {key: Decimal(rate) / MICRO for key, rate in opened.rates_micro.items()}
    return replace(terms, rates=replace(terms.rates, values=values))


def _each(opened: DayOpened, there: Determinants, computed: Determinants) -> list[tuple[str, object, object]]:
    """The named figures of two balances."""
    found: list[tuple[str, object, object]] = []
    for p, period in enumerate(opened.periods):
        found.append((f"{period} Wh", there.energy_wh[p], computed.energy_wh[p]))
        found.append((f"{period} highest block", _block(there, p), _block(computed, p)))
    found.append(("varh", there.reactive_varh, computed.reactive_varh))
    found.append(("intervals", there.intervals, computed.intervals))
    found.append(("estimated intervals", there.estimated, computed.estimated))
    if opened.gauges:
        found.append(("gauges", there.gauges, computed.gauges))
    return found


def _block(d: Determinants, period: int) -> str:
    at = d.peak_at[period]
    return f"{d.peak_wh[period]} Wh at {at.isoformat()}" if at else "none"
