"""The bill of one supply point for one month: lines that explain themselves and add up to the cent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from domain.determinants import Determinants
from domain.later import Later
from domain.money import MICRO, NANO, Rounding
from domain.settling import PreparedPart, Settling

if TYPE_CHECKING:
    from domain.heading import Worked
    from domain.terms import Terms

NOTHING = Decimal(0)


@dataclass(frozen=True)
class GrossLine(Later):
    """What a charge asks for, before rounding: quantity x rate by a formula, and where the rate comes from.

    `basis` says which measurements caused it, for sharing the rounded amount among them; `peak_at` is the UTC start of
    the demand block that set it. `note` tells the reader what is not obvious, for example that a cap binds.
    `LATER` of it may be formed when one is first read (`domain.heading`); nobody can tell from outside.
    """

    code: str
    charge: str
    group: str
    label: str
    quantity: Decimal
    unit: str
    rate: Decimal
    rate_unit: str
    formula: str
    gross: Decimal
    source: str
    basis: "Basis"
    peak_at: datetime | None = field(default_factory=lambda: None)  # a plain default would stand for what comes later
    note: str = field(default_factory=str)

    LATER = ("formula", "note", "basis", "peak_at")

    def rounded(self, rounding: Rounding) -> "BillLine":
        """The line of the bill."""
        return BillLine(**self.__dict__, amount=rounding(self.gross))


@dataclass(frozen=True)
class BillLine(GrossLine):
    """A line of the bill: `amount` is `gross` rounded by the tariff's policy, in currency.

    `part` is the index of the bill's part that it stands for; None where it stands for all of the bill.
    """

    amount: Decimal = Decimal(0)
    part: int | None = None

    def line(self, part: int | None = None) -> "BillLine":
        """Itself, of a part: what is worked out may stand as a line already; see `domain.heading.Figures`."""
        self.__dict__["part"] = part
        return self


@dataclass(frozen=True, slots=True)
class ByEnergy:
    """Shared in proportion to the energy of some periods."""

    periods: tuple[int, ...]
    by: Literal["energy"] = "energy"


@dataclass(frozen=True, slots=True)
class ByExport:
    """Shared in proportion to the energy delivered to the grid in some periods."""

    periods: tuple[int, ...]
    by: Literal["export"] = "export"


@dataclass(frozen=True, slots=True)
class ByPeak:
    """Shared among the demand blocks of some periods by the airport rule, the Shapley value of a maximum."""

    periods: tuple[int, ...]
    by: Literal["peak"] = "peak"


@dataclass(frozen=True, slots=True)
class ByExcess:
    """Shared among the blocks of some periods by what each has above a limit, or by the square of that."""

    periods: tuple[int, ...]
    minutes: int
    limit_w: int
    squared: bool
    by: Literal["excess"] = "excess"


@dataclass(frozen=True, slots=True)
class ByTier:
    """Shared in proportion to the energy that a period's intervals have in one tier of a ladder climbed in time."""

    period: int
    counted: tuple[int, ...]
    limits_wh: tuple[int, ...]
    tier: int
    by: Literal["tier"] = "tier"


@dataclass(frozen=True, slots=True)
class Evenly:
    """Shared equally by all intervals."""

    by: Literal["evenly"] = "evenly"


@dataclass(frozen=True, slots=True)
class ByLines:
    """Shared in proportion to what other lines of the bill gave each interval."""

    codes: tuple[str, ...]
    by: Literal["lines"] = "lines"


Basis = ByEnergy | ByExport | ByPeak | ByExcess | ByTier | Evenly | ByLines
"""`by` tells them apart where a bill is stored: some of them hold the same, and nothing else says which one it was."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the month was measured: intervals expected, measured, estimated and missing."""

    expected: int
    measured: int
    estimated: int

    @property
    def missing(self) -> int:
        return self.expected - self.measured - self.estimated

    @property
    def complete(self) -> bool:
        return self.missing == 0


@dataclass(frozen=True)
class BillPart:
    """Local days `[first, end)` of a bill that were priced alike: by what, and what was measured on them.

    `determinants` are indexed by `periods`. `demand_minutes` is 0, and `periods` empty, where a bill was stored before
    it told them.
    """

    first: date
    end: date
    tariff: str
    tariff_version: str
    periods: tuple[str, ...]
    demand_minutes: int
    determinants: Determinants
    coverage: Coverage
    assumption: str = ""

    @property
    def days(self) -> int:
        return (self.end - self.first).days


@dataclass(frozen=True)
class Bill(Later):
    """Rounded lines and their sum. `first` to `end` (excluded) are local days in `timezone`: a month.

    Most months are one `part`; where tariff, rates, contract, meter or season changed, there are several, and lines of
    the same code in each. `remembered` is what later months look back upon, by key and first day of a part.
    What was just billed forms `lines` and `parts` when they are read; `amounts` are those of the lines, known before.
    """

    LATER = ("lines", "parts")

    supply_point: str
    currency: str
    first: date
    end: date
    timezone: str
    lines: tuple[BillLine, ...]
    total: Decimal
    parts: tuple[BillPart, ...]
    remembered: Mapping[str, Mapping[date, Fraction]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(self.amounts, NOTHING) != self.total:
            raise AssertionError(f"bill of {self.supply_point} {self.first}: lines do not add up to {self.total}")

    @cached_property
    def amounts(self) -> Sequence[Decimal]:
        return [line.amount for line in self.lines]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def tariff(self) -> str:
        """The id of the tariff; of several, all in order."""
        return ", ".join(dict.fromkeys(part.tariff for part in self.parts))

    @property
    def tariff_version(self) -> str:
        """The version of the tariff; of several, all in order."""
        return ", ".join(dict.fromkeys(part.tariff_version for part in self.parts))

    @property
    def assumption(self) -> str:
        """What some part supposes that is not a fact; empty where all are facts."""
        return " ".join(dict.fromkeys(part.assumption for part in self.parts if part.assumption))

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Names of the periods of all parts, in order: what `determinants` are indexed by."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.periods))

    @cached_property
    def determinants(self) -> Determinants:
        """Of the whole month; without gauges where there are several parts, because those do not add up."""
        first, *others = self.parts
        return first.determinants if not others else together([(p.determinants, p.periods) for p in self.parts])

    @property
    def coverage(self) -> Coverage:
        every = [part.coverage for part in self.parts]
        return Coverage(
            sum(one.expected for one in every), sum(one.measured for one in every), sum(one.estimated for one in every)
        )

    def amount_of(self, group_or_code: str) -> Decimal:
        """Sum of the lines of a charge, a group or a line code."""
        found = (line.amount for line in self.lines if group_or_code in {line.group, line.charge, line.code})
        return sum(found, Decimal(0))

    def nano_by_code(self) -> Counter[str]:
        """Nano-currency by line code, parts of the month added up."""
        found = Counter[str]()
        for line in self.lines:
            found[line.code] += int(line.amount * NANO)
        return found


@dataclass(frozen=True, slots=True)
class Allocated:
    """Who caused a bill: micro-currency by meter and line code; over the meters a line adds up to the bill's line.

    The meters are those behind the main one, and the unmetered rest. `oversubscribed` counts the intervals in which
    they had more than the main meter and were scaled.
    """

    micro: Mapping[str, Mapping[str, int]]
    oversubscribed: int

    def check(self, bill: Bill) -> None:
        """Raises `AssertionError` where a line of the bill is not the sum of its meters; nobody is nobody's debt."""
        if not self.micro:
            return
        found = Counter[str]()
        for by_code in self.micro.values():
            found.update(by_code)
        off = [code for code, nano in bill.nano_by_code().items() if found[code] * (NANO // MICRO) != nano]
        if off:
            raise AssertionError(f"bill of {bill.supply_point} {bill.first}: allocated lines {off} are not the bill's")


NOT_ALLOCATED = Allocated({}, 0)


def make_bill(supply_point: str, determinants: Determinants, terms: "Terms") -> Bill:
    """Bill a month of one part."""
    return bill_of_parts(supply_point, [(determinants, terms)])


def bill_of_parts(
    supply_point: str, parts: "Sequence[tuple[Determinants, Terms]]", settling: Settling | None = None
) -> Bill:
    """Bill the parts of a month, in order: each charge in turn, each line rounded before a later one may use it.

    What settles a whole bill (a tax, a minimum, a power factor) stands once, over the lines of all parts, where it is
    the same in all of them; otherwise in each part, over the lines of that part. `settling` is that of these terms,
    where it is known from another meter.
    """
    settling = settling or Settling.of([terms for _, terms in parts])
    remembered: dict[str, dict[date, Fraction]] = {}
    of_parts = [_of_part(d, part, remembered) for (d, _), part in zip(parts, settling.in_parts, strict=True)]
    every = of_parts[0] if len(of_parts) == 1 else [one for of_part in of_parts for one in of_part]
    if settling.once:
        of_month = together([(d, terms.tariff.periods) for d, terms in parts])
        for ask in settling.once:
            every += ask(of_month, every)
    bill, amounts = object.__new__(Bill), [one.amount for one in every]
    said = bill.__dict__
    said.update(settling.said)
    said["supply_point"] = supply_point
    said["amounts"] = amounts
    said["total"] = sum(amounts, NOTHING)
    said["remembered"] = remembered
    said["_later"] = lambda _: {"lines": _lines_of(of_parts, every), "parts": tuple([_told(*part) for part in parts])}
    return bill


def _of_part(d: Determinants, part: PreparedPart, remembered: dict[str, dict[date, Fraction]]) -> "list[Worked]":
    """The lines that stand in a part. What its charges remember joins what earlier parts left."""
    found = list["Worked"]()
    part = part.after(remembered) if remembered else part
    for ask, remembering in part.steps:
        if ask is not None:
            found += ask(d, found)
        if remembering is not None:
            for key, figure in remembering.remembered(d, part.terms, found).items():
                remembered.setdefault(key, {})[part.terms.first] = figure
    return found


def _lines_of(of_parts: "Sequence[Sequence[Worked]]", every: "Sequence[Worked]") -> tuple[BillLine, ...]:
    """The lines of the parts, which say of which part they are where there are several, and then the others."""
    parts = [n if len(of_parts) > 1 else None for n, of_part in enumerate(of_parts) for _ in of_part]
    parts += [None] * (len(every) - len(parts))
    return tuple(one.line(part) for one, part in zip(every, parts, strict=True))


def together(parts: Sequence[tuple[Determinants, Sequence[str]]]) -> Determinants:
    """Determinants of several parts, by the names of their periods in order of appearance; without gauges."""
    names = list(dict.fromkeys([name for _, periods in parts for name in periods]))
    total = Determinants.nothing(len(names))
    for d, periods in parts:
        is_alike = list(periods) == names
        total.add(d if is_alike else d.over([names.index(name) for name in periods], len(names)))
    return total


def true_ups(bill: Bill, live_nano: Mapping[str, int]) -> dict[str, int]:
    """What closing adds to the live view, in nano-currency by line code, so that live + true-up is the bill exactly."""
    billed = bill.nano_by_code()
    return {code: billed[code] - live_nano.get(code, 0) for code in dict.fromkeys((*live_nano, *billed))}


def _told(d: Determinants, terms: "Terms") -> BillPart:
    return BillPart(
        first=terms.first,
        end=terms.end,
        tariff=terms.tariff.id,
        tariff_version=terms.tariff.version,
        periods=terms.tariff.periods,
        demand_minutes=terms.tariff.demand_minutes,
        determinants=d,
        coverage=Coverage(terms.intervals, d.intervals - d.estimated, d.estimated),
        assumption=terms.rates.assumption,
    )
