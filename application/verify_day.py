"""One metering day computed a second time: what it began with, and what its measurements cost live."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.arrays.day_book import DayBook
from domain.determinants import Determinants
from domain.events import DayOpened
from domain.gauges import are_alike
from domain.money import MICRO
from domain.terms import Terms
from domain.verification import Compared, Verification


@dataclass(frozen=True)
class DayCheck:
    """Compares a day's events with its own measurements. `terms` are those that hold for the day by now.

    A day that was opened by terms which were amended since cannot be judged by those of today; what then is not equal
    is told as not compared. `amended`: another agreement or main meter was registered after it had been opened.
    """

    found: Verification
    where: str
    book: DayBook
    terms: Terms
    amended: bool = False

    def opening(self, before: DayBook | None, meters: Sequence[str]) -> None:
        """Each meter begins with its month at the end of the day before, or with nothing where its part begins."""
        opened = self.book.opened
        nothing = Determinants.nothing(len(opened.periods), opened.gauges)
        carried = {} if before is None else dict(zip(before.opened.meters, before.months(), strict=True))
        for meter in meters:
            opening = opened.opening[opened.meters.index(meter)]
            wanted = [carried.get(meter, nothing)]
            if self.terms.first == opened.day or not self._unamended:  # a part begins here, or did by the terms of then
                wanted.append(nothing)
            if opened.day == self.terms.month.first:
                wanted = [nothing]
            chosen = next((one for one in wanted if one == opening), wanted[-1])
            for name, there, computed in _each(opened, opening, chosen):
                self.found.compare(Compared.BALANCES, f"{self.where} {meter}: {name} carried", there, computed)

    def live(self) -> None:
        """What a day's measurements cost is what the month's bill to date grew by from its opening to its end."""
        opened = self.book.opened
        terms = _as_opened(opened, self.terms)
        if terms is None:
            rules = f"by rules that {opened.tariff} no longer has"
            self.found.not_compared.append(f"{self.where}: live costs: the day was opened {rules}")
            return
        off, rows = 0, zip(opened.meters, self.book.months(), opened.opening_nano, self.book.live_nano, strict=True)
        for meter, month, before, live in rows:
            accrued = terms.accrued_nano(month)
            for code, nano, new, old in zip(opened.line_codes, live, accrued, before, strict=True):
                if nano == new - old or self._unamended:
                    self.found.compare_nano(Compared.LIVE, f"{self.where} {meter} {code}: live cost", nano, new - old)
                else:
                    off += 1
        if off:
            text = "they were reckoned by a contract, a history or rates that were amended since"
            self.found.not_compared.append(f"{self.where}: {off} live costs: {text}")

    @property
    def _unamended(self) -> bool:
        """Whether the day was opened by the terms that hold for it by now, as far as it tells."""
        opened, tariff = self.book.opened, self.terms.tariff
        if self.amended or opened.tariff_version != tariff.version or opened.rates_micro != self.terms.micro:
            return False
        return all(not charge.months_back for charge in tariff.charges) and all(
            self.terms.accrued_nano(opening) == list(nano)
            for opening, nano in zip(opened.opening, opened.opening_nano, strict=True)
        )


def _as_opened(opened: DayOpened, terms: Terms) -> Terms | None:
    """These terms at the rates that the day was opened with; None where more than rates was amended."""
    there = (opened.line_codes, opened.periods)
    if there != (terms.tariff.line_codes, terms.tariff.periods) or not are_alike(opened.gauges, terms.gauges):
        return None
    if opened.rates_micro == terms.micro:
        return terms
    values = dict(terms.rates.values) | {key: Decimal(rate) / MICRO for key, rate in opened.rates_micro.items()}
    return replace(terms, rates=replace(terms.rates, values=values))


def _each(opened: DayOpened, there: Determinants, computed: Determinants) -> Iterator[tuple[str, object, object]]:
    """The named figures of two balances."""
    for p, period in enumerate(opened.periods):
        yield f"{period} Wh", there.energy_wh[p], computed.energy_wh[p]
        yield f"{period} highest block", _block(there, p), _block(computed, p)
    for name in ("reactive_varh", "intervals", "estimated", *(("gauges",) if opened.gauges else ())):
        yield name, getattr(there, name), getattr(computed, name)


def _block(d: Determinants, period: int) -> str:
    at = d.peak_at[period]
    return f"{d.peak_wh[period]} Wh at {at.isoformat()}" if at else "none"
