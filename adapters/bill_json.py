"""A bill as JSON that people and programs read: decimals are strings, so that no reader makes floats of money.

What is written here is read back here, strictly: a file that was changed by hand does not explain a bill.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from domain.bill import Bill, BillLine, BillPart, ByLines, Coverage
from domain.errors import BadOption
from domain.evidence import Evidence, LookedBack, Moment
from domain.kpi import Kpis

SCHEMA, ONE_PART = "wattledger-bill/3", "wattledger-bill/2"
"""2: `of` names the lines that a percentage is taken of. 3: a bill has `parts`, and a line says which it is of and, as
`evidence`, which intervals made it."""


Behind = Sequence[Evidence]
"""What is behind each line of a bill."""


def write_bills(path: Path, bills: Sequence[Bill], kpis: Kpis, evidence: Sequence[Behind]) -> None:
    """Write bills, what is behind each of their lines, and key figures to a file."""
    text = json.dumps(bills_to_json(bills, kpis, evidence), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def bills_to_json(bills: Sequence[Bill], kpis: Kpis, evidence: Sequence[Behind]) -> dict[str, Any]:
    """Bills, what is behind each of their lines, and key figures as plain values."""
    values = [bill_to_json(bill, behind) for bill, behind in zip(bills, evidence, strict=True)]
    return {"schema": SCHEMA, "kpis": kpis_to_json(kpis), "bills": values}


def kpis_to_json(kpis: Kpis) -> dict[str, Any]:
    return {
        "energy_kwh": _text(kpis.energy_kwh),
        "peak_kw": _text(kpis.peak_kw),
        "peak_at": kpis.peak_at.isoformat() if kpis.peak_at else None,
        "load_factor_percent": _text(kpis.load_factor_percent),
        "power_factor_percent": _text(kpis.power_factor_percent),
        "cost": _text(kpis.cost),
        "cost_per_kwh": _text(kpis.cost_per_kwh),
        "currency": kpis.currency,
    }


def bill_to_json(bill: Bill, behind: Behind) -> dict[str, Any]:
    return {
        "supply_point": bill.supply_point,
        "tariff": bill.tariff,
        "tariff_version": bill.tariff_version,
        "currency": bill.currency,
        "from": bill.first.isoformat(),
        "to": bill.end.isoformat(),
        "timezone": bill.timezone,
        "intervals": _intervals(bill.coverage),
        "assumption": bill.assumption or None,
        "parts": [_part(part) for part in bill.parts],
        "lines": [_line(line, evidence) for line, evidence in zip(bill.lines, behind, strict=True)],
        "total": _text(bill.total),
    }


def _part(part: BillPart) -> dict[str, Any]:
    return {
        "from": part.first.isoformat(),
        "to": part.end.isoformat(),
        "tariff": part.tariff,
        "tariff_version": part.tariff_version,
        "intervals": _intervals(part.coverage),
        "assumption": part.assumption or None,
    }


def _intervals(coverage: Coverage) -> dict[str, int]:
    return {
        "expected": coverage.expected,
        "measured": coverage.measured,
        "estimated": coverage.estimated,
        "missing": coverage.missing,
    }


def _line(line: BillLine, evidence: Evidence) -> dict[str, Any]:
    return {
        "code": line.code,
        "part": line.part,
        "charge": line.charge,
        "group": line.group,
        "label": line.label,
        "quantity": _text(line.quantity),
        "unit": line.unit,
        "rate": _text(line.rate),
        "rate_unit": line.rate_unit,
        "formula": line.formula,
        "gross": _text(line.gross),
        "amount": _text(line.amount),
        "of": list(line.basis.codes) if isinstance(line.basis, ByLines) else None,
        "peak_at": line.peak_at.isoformat() if line.peak_at else None,
        "note": line.note or None,
        "source": line.source,
        "evidence": _evidence(evidence),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    """The lines a percentage is taken of stand under `of`."""
    back = evidence.looked_back
    return {
        "counted": evidence.counted,
        "count": evidence.count,
        "minutes": evidence.minutes,
        "first": evidence.first.isoformat() if evidence.first else None,
        "end": evidence.end.isoformat() if evidence.end else None,
        "naming": evidence.naming or None,
        "named": [
            {
                "start": one.start.isoformat(),
                "quantity": _text(one.quantity),
                "unit": one.unit,
                "rate": _text(one.rate),
                "estimated": one.estimated,
            }
            for one in evidence.named
        ],
        "looked_back": back
        and {
            "known": {f"{month:%Y-%m}": _text(kw) for month, kw in back.known},
            "unknown": [f"{month:%Y-%m}" for month in back.unknown],
        },
        "remembered": None if evidence.remembered is None else str(evidence.remembered),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(value: object) -> Decimal:
    """Money and quantities as they are written: digits in a string."""
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError("must be a number written as text")
    return number


Number = Annotated[Decimal, BeforeValidator(_decimal), PlainSerializer(_text)]
Instant = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat)]
Month = Annotated[str, Field(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$")]


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


class Stored(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class StoredMoment(Stored):
    start: Instant
    quantity: Number
    unit: str
    rate: Number | None
    estimated: bool = False

    def to_domain(self) -> Moment:
        return Moment(self.start, self.quantity, self.unit, self.rate, self.estimated)


class StoredLookedBack(Stored):
    known: dict[Month, Number]
    unknown: list[Month]

    def to_domain(self) -> LookedBack:
        known = tuple((_first_day(month), kw) for month, kw in self.known.items())
        return LookedBack(known, tuple(map(_first_day, self.unknown)))


class StoredEvidence(Stored):
    """The intervals behind a line as they were written; `remembered` is a decimal or a fraction such as `1370/3`."""

    counted: str
    count: int
    minutes: int
    first: Instant | None
    end: Instant | None
    naming: str | None
    named: list[StoredMoment]
    looked_back: StoredLookedBack | None
    remembered: Annotated[str, Field(pattern=r"^[0-9]{1,40}(/[1-9][0-9]{0,40})?$")] | None

    def to_domain(self, lines: Sequence[str] = ()) -> Evidence:
        """As the bill was explained; `lines` are those of the percentage, which the line itself names."""
        return Evidence(
            self.counted,
            self.count,
            self.minutes,
            self.first,
            self.end,
            self.naming or "",
            tuple(one.to_domain() for one in self.named),
            tuple(lines),
            self.looked_back.to_domain() if self.looked_back else None,
            Fraction(self.remembered) if self.remembered else None,
        )


class StoredLine(Stored):
    """A line as it was written; `of` are the codes of the lines a percentage is taken of.

    `part` counts the bill's parts from 0; None stands for all of the bill.
    """

    code: str
    part: int | None
    charge: str
    group: str
    label: str
    quantity: Number
    unit: str
    rate: Number
    rate_unit: str
    formula: str
    gross: Number
    amount: Number
    of: list[str] | None
    peak_at: Instant | None
    note: str | None
    source: str
    evidence: StoredEvidence


class StoredIntervals(Stored):
    expected: int
    measured: int
    estimated: int
    missing: int


class StoredPart(Stored):
    """Local days `[first, end)` that were priced alike, and by what."""

    first: date = Field(alias="from")
    end: date = Field(alias="to")
    tariff: str
    tariff_version: str
    intervals: StoredIntervals
    assumption: str | None

    @property
    def days(self) -> int:
        return (self.end - self.first).days


class StoredBill(Stored):
    """A bill as it was written; `first` to `end` (excluded) are local days in `timezone`."""

    supply_point: str
    tariff: str
    tariff_version: str
    currency: str
    first: date = Field(alias="from")
    end: date = Field(alias="to")
    timezone: str
    intervals: StoredIntervals
    assumption: str | None
    parts: list[StoredPart] = Field(min_length=1)
    lines: list[StoredLine]
    total: Number

    @property
    def month(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        try:
            _ = self.zone
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{self.timezone!r} is no time zone") from None
        added = sum((line.amount for line in self.lines), Decimal(0))
        if strays := [line.code for line in self.lines if line.part is not None and line.part >= len(self.parts)]:
            raise ValueError(f"line {strays[0]} of {self.month} is of a part that is not there")
        if added != self.total:
            raise ValueError(f"the lines of {self.month} add up to {added}, not to its total {self.total}")
        return self


class StoredFile(Stored):
    """The whole file. Key figures are read past: they explain no line."""

    schema_: str = Field(alias="schema")
    kpis: dict[str, str | None]
    bills: list[StoredBill] = Field(min_length=1)


def remembered_in(bills: Sequence[StoredBill]) -> Iterator[tuple[str, str, date, Fraction]]:
    """Supply point, charge, month and kW (kVA) of what later months look back upon."""
    for bill in bills:
        for line in bill.lines:
            if line.evidence.remembered is not None:
                yield bill.supply_point, line.charge, bill.first, Fraction(line.evidence.remembered)


def as_stored(bills: Sequence[Bill], kpis: Kpis, evidence: Sequence[Behind]) -> tuple[StoredBill, ...]:
    """Bills as a file of them is read: what is explained is what would be written."""
    return tuple(StoredFile.model_validate_json(json.dumps(bills_to_json(bills, kpis, evidence))).bills)


def read_bills(path: Path) -> tuple[StoredBill, ...]:
    """The bills of a file that `write_bills` wrote. Raises `BadOption` for any other, naming what is wrong where."""
    if not path.is_file():
        raise BadOption(f"{path}: there is no such file; `wattledger price` and `wattledger demo` write bill.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not UTF-8 is one too
        raise BadOption(f"{path}: is not JSON ({error}); give the bill.json that `wattledger price` wrote") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema not in (SCHEMA, ONE_PART):  # a tuple: what a file says may not be hashable
        raise BadOption(f"{path}: schema {schema!r} is not {SCHEMA!r}; write the bill again with `wattledger price`")
    try:
        return tuple(StoredFile.model_validate_json(json.dumps(_of_one_part(content, schema))).bills)
    except ValidationError as error:
        wrong = error.errors()[0]
        place, what = ".".join(map(str, wrong["loc"])) or "the file", wrong["msg"].removeprefix("Value error, ")
        raise BadOption(
            f"{path}: {place}: {what}; the file was changed after it was written: write it again with "
            "`wattledger price`"
        ) from None


def _of_one_part(content: dict[str, Any], schema: str) -> dict[str, Any]:
    """A file of before bills had parts; what is not as it was written is left for the strict reading to find."""
    bills = content.get("bills")
    if schema == ONE_PART and isinstance(bills, list):
        content = content | {"bills": [_with_parts(bill) if isinstance(bill, dict) else bill for bill in bills]}
    return content


def _with_parts(bill: dict[str, Any]) -> dict[str, Any]:
    names = ("from", "to", "tariff", "tariff_version", "intervals", "assumption")
    lines = bill.get("lines")
    if isinstance(lines, list):
        lines = [line | {"part": None} if isinstance(line, dict) else line for line in lines]
    return bill | {"lines": lines, "parts": [{name: bill[name] for name in names if name in bill}]}
