"""The peer of `wattledger price`: the script one writes in an afternoon, with csv and Decimal and nothing else.

It prices each row of a 5-minute CSV (`time`, `kwh`, local time) by the energy charges of Mexico's GDMTH tariff, adds
the monthly lines, and prints the bill of each month before power factor and VAT as JSON. It checks nothing, explains
nothing, shares no demand among measurements and writes no file. Run `python peer_plain_python.py FILE`.
"""

import csv
import json
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

# Division Golfo Centro, January 2026, as adapters/tariffs/mx/gdmth.golfo-centro.rates.toml has them. Written out
# again on purpose: a peer that borrowed our tables would agree with our mistakes.
FIXED = Decimal("461.75")
DISTRIBUTION, CAPACITY = Decimal("124.41"), Decimal("392.20")
PER_KWH = {"transmission": Decimal("0.1801"), "cenace": Decimal("0.0076"), "scnmem": Decimal("0.0069")}
ENERGY = {"base": Decimal("0.8066"), "intermediate": Decimal("1.4986"), "peak": Decimal("1.7675")}
LOAD_FACTOR = Decimal("0.57")

HOLIDAYS = {date(2025, month, day) for month, day in [(1, 1), (2, 3), (3, 17), (5, 1), (9, 16), (11, 17), (12, 25)]}
SUMMER_BEGINS, SUMMER_ENDS = date(2025, 4, 6), date(2025, 10, 26)


class Part:
    """What a bill needs to know of a month, or of a month's days before or after its season changes."""

    def __init__(self) -> None:
        self.kwh = Decimal(0)
        self.lines: dict[str, Decimal] = defaultdict(Decimal)
        self.block_kwh: dict[datetime, Decimal] = defaultdict(Decimal)

    def add(self, at: datetime, kwh: Decimal) -> None:
        period = periods(at.date())[at.hour]
        self.kwh += kwh
        self.lines[period] += kwh * ENERGY[period]
        for charge, rate in PER_KWH.items():
            self.lines[charge] += kwh * rate
        self.block_kwh[at.replace(minute=at.minute // 15 * 15)] += kwh

    def total(self, days: int, of_month: int) -> Decimal:
        """The bill before power factor and VAT: every line rounded to the cent, half up.

        What is for a month bears the part's share of its days, to four decimals.
        """
        share = (Decimal(days) / of_month).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        blocks = self.block_kwh.items()
        highest = max(kwh for _, kwh in blocks)
        highest_in_peak = max((kwh for at, kwh in blocks if periods(at.date())[at.hour] == "peak"), default=Decimal(0))
        lines = [
            FIXED * share,
            self.billed_kw(highest, days) * DISTRIBUTION * share,
            self.billed_kw(highest_in_peak, days) * CAPACITY * share,
            *self.lines.values(),
        ]
        return sum((line.quantize(Decimal("0.01"), ROUND_HALF_UP) for line in lines), Decimal(0))

    def billed_kw(self, block_kwh: Decimal, days: int) -> Decimal:
        """Whole kW, rounded up, at most those of load factor 0.57."""
        cap = self.kwh / (24 * days * LOAD_FACTOR)
        return min(block_kwh * 4, cap).to_integral_value(ROUND_CEILING)


@cache
def periods(day: date) -> list[str]:
    """The period of each hour of a day in 2025."""
    summer = SUMMER_BEGINS <= day < SUMMER_ENDS
    if day.weekday() == 6 or day in HOLIDAYS:
        begins = 19 if summer else 18
        return ["base"] * begins + ["intermediate"] * (24 - begins)
    if day.weekday() == 5:
        if summer:
            return ["base"] * 7 + ["intermediate"] * 17
        return ["base"] * 8 + ["intermediate"] * 11 + ["peak"] * 2 + ["intermediate"] * 3
    begins = 20 if summer else 18
    return ["base"] * 6 + ["intermediate"] * (begins - 6) + ["peak"] * (22 - begins) + ["intermediate"] * 2


def bills(file: Path) -> dict[str, str]:
    """The bill of each month of a file, by `YYYY-MM`."""
    parts: dict[date, Part] = defaultdict(Part)
    with file.open(newline="") as rows:
        reader = csv.reader(rows)
        next(reader)
        for time, kwh, *_ in reader:
            at = datetime.fromisoformat(time)
            parts[first_of_part(at.date())].add(at, Decimal(kwh))
    found: dict[str, Decimal] = defaultdict(Decimal)
    for first, part in parts.items():
        month = first.replace(day=1)
        end = (month + timedelta(days=31)).replace(day=1)
        last = next((cut for cut in (SUMMER_BEGINS, SUMMER_ENDS) if first < cut < end), end)
        found[f"{month:%Y-%m}"] += part.total((last - first).days, (end - month).days)
    return {month: str(total) for month, total in found.items()}


@cache
def first_of_part(day: date) -> date:
    """The first of its month, or the day of the month on which the season has changed."""
    cuts = [cut for cut in (SUMMER_BEGINS, SUMMER_ENDS) if day.replace(day=1) <= cut <= day]
    return max(cuts, default=day.replace(day=1))


if __name__ == "__main__":
    print(json.dumps(bills(Path(sys.argv[1]))))
