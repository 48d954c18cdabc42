"""The bill of one supply point for one month: lines that explain themselves and add up to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from domain.determinants import Determinants
from domain.money import NANO, Rounding

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class GrossLine:
    """What a charge asks for, before rounding: quantity x rate by a formula, and where the rate comes from.

    `basis` says which measurements caused it, for sharing the rounded amount among them; `peak_at` is the UTC start of
    the demand block that set it. `note` tells the reader what is not obvious, for example that a cap binds.
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
    peak_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class BillLine(GrossLine):
    """A line of the bill: `amount` is `gross` rounded by the tariff's policy, in currency."""

    amount: Decimal = Decimal(0)


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
class Bill:
    """Rounded lines and their sum. `first` to `end` (excluded) are local days in `timezone`."""

    supply_point: str
    tariff: str
    tariff_version: str
    currency: str
    first: date
    end: date
    timezone: str
    lines: tuple[BillLine, ...]
    total: Decimal
    determinants: Determinants
    coverage: Coverage
    assumption: str = ""

    def __post_init__(self) -> None:
        if sum((line.amount for line in self.lines), Decimal(0)) != self.total:
            raise AssertionError(f"bill of {self.supply_point} {self.first}: lines do not add up to {self.total}")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def amount_of(self, group_or_code: str) -> Decimal:
        """Sum of the lines of a charge, a group or a line code."""
        found = (line.amount for line in self.lines if group_or_code in {line.group, line.charge, line.code})
        return sum(found, Decimal(0))


def make_bill(supply_point: str, determinants: Determinants, terms: "Terms") -> Bill:
    """Bill a month's determinants: each charge in order, each line rounded before a later percentage may use it."""
    tariff, lines = terms.tariff, list[BillLine]()
    for charge in tariff.charges:
        lines += [_rounded(line, tariff.rounding) for line in charge.lines(determinants, terms, lines)]
    return Bill(
        supply_point=supply_point,
        tariff=tariff.id,
        tariff_version=tariff.version,
        currency=tariff.currency,
        first=terms.month.first,
        end=terms.month.end,
        timezone=terms.month.zone.key,
        lines=tuple(lines),
        total=sum((line.amount for line in lines), Decimal(0)),
        determinants=determinants,
        coverage=Coverage(terms.intervals, determinants.intervals - determinants.estimated, determinants.estimated),
        assumption=terms.rates.assumption,
    )


def true_ups(bill: Bill, live_nano: Sequence[int], line_codes: Sequence[str]) -> dict[str, int]:
    """What closing adds to the live view, in nano-currency by line code, so that live + true-up is the bill exactly."""
    billed = {line.code: int(line.amount * NANO) for line in bill.lines}
    return {code: billed.get(code, 0) - live for code, live in zip(line_codes, live_nano, strict=True)}


def _rounded(line: GrossLine, rounding: Rounding) -> BillLine:
    return BillLine(**line.__dict__, amount=rounding(line.gross))
