"""Energy delivered to the grid: credited at a sell price, or set off against what is drawn.

Spain, Real Decreto 244/2019, art. 14: the credit of self-consumption with simplified compensation is hourly surplus x
its price, and cannot exceed the month's energy term. Net metering is the rule of many US utilities.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from domain.bill import ByEnergy, ByExport, GrossLine
from domain.charges.charge import Named
from domain.charges.indexed import IndexedPrice, exported
from domain.charges.percentage import base_of
from domain.determinants import Determinants
from domain.gauges import AnyGauge, Unmetered
from domain.money import EXACT, fraction_to_decimal, of_fraction, plain

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms

EXPORT = Unmetered("export_wh")


@dataclass(frozen=True)
class ExportCredit(Named):
    """kWh delivered in each period x its sell price, a negative line each; with `series`, one line at published prices.

    `limited_to` names charges or groups: the credit takes at most the sum of their lines (Spain: the energy term), and
    what exceeds it is lost. The limit is known at the close, and so is then the credit. It is one of the whole month:
    in a month of several parts each leaves to the next what was not credited yet, and the room under the limit.
    Rates: `code.period`; with `series` those of an indexed price, `code.adder`, `code.factor`, `code.losses`.
    """

    periods: tuple[tuple[int, str], ...]
    series: str = ""
    limited_to: tuple[str, ...] = ()

    @property
    def of(self) -> tuple[str, ...]:
        return self.limited_to

    @property
    def line_codes(self) -> tuple[str, ...]:
        return (self.code,) if self.series else tuple(f"{self.code}.{name}" for _, name in self.periods)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self._index.rate_keys if self.series else self.line_codes

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return self._index.percent_keys if self.series else ()

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        own = self._index.gauges(terms) if self.series else ()
        return (EXPORT, exported(terms), *own)

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        if self.limited_to:
            return tuple(0 for _ in self.line_codes)
        if self.series:
            return (-self._index.accrued_nano(d, terms)[0],)
        wh = terms.gauge(d, exported(terms))
        return tuple(-wh[p] * terms.micro[f"{self.code}.{name}"] for p, name in self.periods)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        self.check_register(d, terms, "export_wh")
        if not self.limited_to:
            return tuple(line for line, _ in self._full(d, terms))
        room, found = self._room(terms, so_far), list[GrossLine]()
        earlier = self._left_by_earlier_parts("uncredited", terms)
        for line, worth in self._full(d, terms):
            credit = max(Decimal(0), min(worth + earlier, room))
            formula = line.formula + (f" - {earlier:,f} not credited on earlier days" if earlier else "")
            formula += f"; limited to {', '.join(self.limited_to)}: {credit:,f}" if credit < worth + earlier else ""
            found.append(GrossLine(**line.__dict__ | {"gross": -credit, "formula": formula}))
            room -= terms.tariff.rounding(credit)  # as rounded, so that the lines together stay below the limit
            earlier = Decimal(0)
        return tuple(found)

    @property
    def remembers(self) -> bool:
        return bool(self.limited_to)

    def remembered(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]" = ()) -> Mapping[str, Fraction]:
        """What a part of a month leaves to the next: money not credited yet, and room under the limit."""
        if not self.limited_to or terms.share == 1:
            return {}
        worth = sum((worth for _, worth in self._full(d, terms)), self._left_by_earlier_parts("uncredited", terms))
        credited = -sum((line.amount for line in so_far if line.charge == self.code), Decimal(0))
        room = self._room(terms, so_far) - credited
        return {
            f"{self.code}.uncredited": max(Fraction(0), Fraction(worth - credited)),
            f"{self.code}.room": Fraction(room),
        }

    def _room(self, terms: "Terms", so_far: "Sequence[Worked]") -> Decimal:
        return self._left_by_earlier_parts("room", terms) + base_of(self.limited_to, so_far)

    def _left_by_earlier_parts(self, what: str, terms: "Terms") -> Decimal:
        return of_fraction(Decimal(1), _last_word(f"{self.code}.{what}", terms.month.first, terms))

    def _full(self, d: Determinants, terms: "Terms") -> Iterator[tuple[GrossLine, Decimal]]:
        """Each line without a limit, and its worth."""
        wh = terms.gauge(d, exported(terms))
        if self.series:
            worth, kwh = self._index.cost(d, terms), Decimal(sum(wh)).scaleb(-3)
            mean = EXACT.divide(worth, kwh).quantize(Decimal("0.000001")) if kwh else Decimal(0)
            every = tuple(range(len(wh)))
            yield self._line(self.code, self.label, (kwh, mean, worth), every, terms), worth
            return
        for p, name in self.periods:
            kwh, rate = Decimal(wh[p]).scaleb(-3), terms.rates.values[f"{self.code}.{name}"]
            worth = EXACT.multiply(kwh, rate)
            yield (
                self._line(f"{self.code}.{name}", f"{self.label}, {name}", (kwh, rate, worth), (p,), terms),
                worth,
            )

    def _line(
        self,
        code: str,
        label: str,
        numbers: tuple[Decimal, Decimal, Decimal],
        periods: tuple[int, ...],
        terms: "Terms",
    ) -> GrossLine:
        kwh, rate, worth = numbers
        at = f"prices of {self.series}" if self.series else f"{rate}"
        return GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=label,
            quantity=kwh,
            unit="kWh",
            rate=-rate,
            rate_unit=f"{terms.tariff.currency}/kWh{', mean' if self.series else ''}",
            formula=f"-({plain(kwh)} kWh delivered x {at})",
            gross=EXACT.minus(worth),
            source=self.cited(terms),
            basis=ByExport(periods),
        )

    @cached_property
    def _index(self) -> IndexedPrice:
        return IndexedPrice(self.code, self.label, self.group, self.source, self.series, exported=True)


@dataclass(frozen=True)
class NetMetering(Named):
    """Energy by period, net of what was delivered: max(0, kWh drawn - kWh delivered - bank) x a rate, a line a period.

    What is delivered beyond what is drawn joins the period's bank, which later months draw on; a month remembers its
    bank as `code.period`, and begins with that of the month before. So does each part of a month, netted alone at its
    own rates. With `expires_in_month` the banks end with that calendar month: lost, or bought at `code.buy_out` where
    `buy_out`, as a negative line.
    """

    periods: tuple[tuple[int, str], ...]
    expires_in_month: int | None = None
    buy_out: bool = False

    @property
    def line_codes(self) -> tuple[str, ...]:
        own = tuple(f"{self.code}.{name}" for _, name in self.periods)
        return (*own, f"{self.code}.buy_out") if self.buy_out else own

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return self.line_codes

    def gauges(self, terms: "Terms") -> tuple[AnyGauge, ...]:
        return (EXPORT, exported(terms))

    @property
    def months_back(self) -> int:
        return 1

    def remembered(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]" = ()) -> Mapping[str, Fraction]:
        """The banks at the part's end, kWh."""
        left = {f"{self.code}.{name}": self._left(p, name, d, terms) for p, name in self.periods}
        return dict.fromkeys(left, Fraction(0)) if self._expires(terms) else left

    def _expires(self, terms: "Terms") -> bool:
        return terms.month.first.month == self.expires_in_month and terms.end == terms.month.end

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        net = [
            int(max(Fraction(0), -self._balance(p, name, d, terms)) * 1000 * terms.micro[f"{self.code}.{name}"])
            for p, name in self.periods
        ]
        return (*net, 0) if self.buy_out else tuple(net)

    def lines(self, d: Determinants, terms: "Terms", so_far: "Sequence[Worked]") -> tuple[GrossLine, ...]:
        self.check_register(d, terms, "export_wh")
        found = [self._net_line(p, name, d, terms) for p, name in self.periods]
        if self.buy_out and self._expires(terms):
            left = sum((self._left(p, name, d, terms) for p, name in self.periods), Fraction(0))
            code, rate = f"{self.code}.buy_out", terms.rates.values[f"{self.code}.buy_out"]
            kwh = fraction_to_decimal(left)
            formula = f"-({plain(kwh)} kWh left in the banks x {rate})"
            every = tuple(p for p, _ in self.periods)
            found.append(self._line(code, f"{self.label}, bought out", (left, -rate), formula, terms, ByExport(every)))
        return tuple(found)

    def _net_line(self, p: int, name: str, d: Determinants, terms: "Terms") -> GrossLine:
        code, bank = f"{self.code}.{name}", fraction_to_decimal(self._bank(name, terms))
        out = Decimal(terms.gauge(d, exported(terms))[p]).scaleb(-3)
        drawn, rate = Decimal(d.energy_wh[p]).scaleb(-3), terms.rates.values[code]
        net = max(Fraction(0), -self._balance(p, name, d, terms))
        formula = f"max(0, {plain(drawn)} drawn - {plain(out)} delivered - {plain(bank)} in the bank) kWh x {rate}"
        return self._line(code, f"{self.label}, {name}", (net, rate), formula, terms, ByEnergy((p,)))

    def _line(
        self,
        code: str,
        label: str,
        numbers: tuple[Fraction, Decimal],
        formula: str,
        terms: "Terms",
        basis: ByEnergy | ByExport,
    ) -> GrossLine:
        kwh, rate = numbers
        return GrossLine(
            code=code,
            charge=self.code,
            group=self.group,
            label=label,
            quantity=fraction_to_decimal(kwh),
            unit="kWh",
            rate=rate,
            rate_unit=f"{terms.tariff.currency}/kWh",
            formula=formula,
            gross=of_fraction(rate, kwh),
            source=self.cited(terms),
            basis=basis,
        )

    def _left(self, p: int, name: str, d: Determinants, terms: "Terms") -> Fraction:
        return max(Fraction(0), self._balance(p, name, d, terms))

    def _balance(self, p: int, name: str, d: Determinants, terms: "Terms") -> Fraction:
        """kWh in the bank after the month; below zero what is still to be billed."""
        return self._bank(name, terms) + Fraction(terms.gauge(d, exported(terms))[p] - d.energy_wh[p], 1000)

    def _bank(self, name: str, terms: "Terms") -> Fraction:
        return _last_word(f"{self.code}.{name}", _month_before(terms.month.first), terms)


def _last_word(key: str, since: date, terms: "Terms") -> Fraction:
    """What the latest part before this one, but not before `since`, remembered; 0 where none did."""
    entries = terms.history.get(key, {})
    before = [first for first in entries if since <= first < terms.first]
    return entries[max(before)] if before else Fraction(0)


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)
