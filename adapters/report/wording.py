"""How numbers, days and instants are written in the report. Everything that returns text for HTML is safe to insert."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from html import escape
from zoneinfo import ZoneInfo

from domain.bill import Bill, Coverage

DASH = "–"
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def safe(text: str) -> str:
    """Text as HTML shows it letter by letter; a meter may be called `<script>`."""
    return escape(text, quote=True)


def amount(value: Decimal) -> str:
    """Money, with the decimals it has."""
    return signed(f"{value:,f}")


def rounded(value: Decimal, places: int) -> str:
    """A figure to so many decimals, halves away from zero."""
    return signed(f"{value.quantize(Decimal(1).scaleb(-places), context=EXACT):,f}")


def trimmed(value: Decimal) -> str:
    """A quantity without the zeros that say nothing."""
    text = f"{value:,f}"
    return signed(text.rstrip("0").rstrip(".") if "." in text else text)


def signed(text: str) -> str:
    """A minus as wide as a digit, so that columns stay straight."""
    return text.replace("-", "−")


def energy(kwh: Decimal) -> str:
    """kWh; decimals only where they matter."""
    return rounded(kwh, 0 if abs(kwh) >= 1000 else 1)


def percent(part: int, whole: int) -> str:
    """A share of intervals, rounded so that 100 means all and 0 means none."""
    if part in {0, whole}:
        return "100" if part else "0"
    nearest = Decimal(1000 * part) / whole
    return rounded(min(max(nearest, Decimal(1)), Decimal(999)).scaleb(-1), 1)


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def days(first: date, end: date) -> str:
    """Local days from `first` to the day before `end`."""
    return f"{day(first)} {DASH} {day(end - timedelta(days=1))}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """A UTC instant in local time."""
    local = instant.astimezone(zone)
    return f"{local:%a} {day(local)}, {local:%H:%M}"


def month(bill: Bill) -> str:
    return f"{bill.first:%B %Y}"


def coverage_of(bills: tuple[Bill, ...]) -> Coverage:
    """Intervals expected, measured and estimated over several bills."""
    parts = [bill.coverage for bill in bills]
    return Coverage(
        sum(part.expected for part in parts),
        sum(part.measured for part in parts),
        sum(part.estimated for part in parts),
    )


def coverage_text(coverage: Coverage) -> str:
    """Measured, estimated and missing, as counts."""
    return f"{coverage.measured:,} measured, {coverage.estimated:,} estimated, {coverage.missing:,} missing"


def version(content_hash: str) -> str:
    """The short form of a tariff's content hash."""
    return content_hash.removeprefix("sha256:")[:12]
