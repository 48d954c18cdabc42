"""Cells become exact amounts of Wh or varh: through decimal digits, never through a float."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import accumulate

from adapters.meter_files.faults import RowFault, quoted

EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
"""Wide enough that no sum of cells is ever rounded; should one be, it raises instead."""

DIGITS = r"[+-]?(?:[0-9]{{1,20}}(?:{point}[0-9]{{0,20}})?|{point}[0-9]{{1,20}})(?:[eE][+-]?[0-9]{{1,2}})?"
MOST_REMEMBERED = 50_000
"""Cells of a column whose amounts are kept: a meter writes the same few thousand numbers again and again."""
HALF = Decimal("0.5")
LARGEST_REGISTER_WH = 10**15
"""No meter counts further."""


class Amounts:
    """Reads the cells of one column. `scale` is the column's unit in Wh or varh; what exceeds `limit_wh` is refused."""

    def __init__(self, column: str, unit: str, scale: int, decimal: str, limit: "Limit") -> None:
        self._column = column
        self._unit = unit
        self._scale = scale
        self._decimal = decimal
        self._limit = limit
        self._limit_wh = Decimal(limit.wh)
        self._is_number = re.compile(DIGITS.format(point=re.escape(decimal))).fullmatch
        self._known: dict[str | float, Decimal] = {}
        self._places = max(6, len(str(scale)) - 1)

    def of_text(self, cell: str) -> Decimal:
        """Wh of a written number."""
        known = self._known.get(cell)
        if known is not None:
            return known
        if not self._is_number(cell):
            return self._of_padded_text(cell)
        wh = Decimal(cell if self._decimal == "." else cell.replace(",", ".")) * self._scale
        if 0 <= wh <= self._limit_wh:
            return self._remembered(cell, wh)
        raise self._out_of_range(wh, cell)

    def of_exact(self, cell: int | Decimal | None) -> Decimal:
        """Wh of an integer or a decimal."""
        if cell is None:
            raise self._empty()
        return self._in_range(Decimal(cell) * self._scale, cell)

    def of_float(self, cell: float | None) -> Decimal:
        """Wh of a binary number, taken to 6 decimals of its unit (to the Wh, where the unit is larger than that)."""
        if cell is None:
            raise self._empty()
        known = self._known.get(cell)
        if known is not None:
            return known
        if not math.isfinite(cell):
            raise self._not_a_number(cell)
        # only a float within the limits is multiplied: a larger one might not stay finite
        if abs(cell) > LARGEST_REGISTER_WH:
            raise self._out_of_range(Decimal(cell), cell)
        meant = Decimal(round(cell * 10**self._places)).scaleb(-self._places)
        return self._remembered(cell, self._in_range(meant * self._scale, cell))

    def _remembered(self, cell: str | float, wh: Decimal) -> Decimal:
        if len(self._known) < MOST_REMEMBERED:
            self._known[cell] = wh
        return wh

    def _in_range(self, wh: Decimal, cell: object) -> Decimal:
        if wh.is_finite() and 0 <= wh <= self._limit_wh:
            return wh
        raise self._out_of_range(wh, cell)

    def _of_padded_text(self, cell: str) -> Decimal:
        text = cell.strip()
        if not text:
            raise self._empty()
        if text == cell or not self._is_number(text):
            raise self._not_a_number(cell)
        return self.of_text(text)

    def _empty(self) -> RowFault:
        return RowFault(self._column, "", "is empty", f"write the {self._unit}, or 0 if nothing was used")

    def _not_a_number(self, cell: object) -> RowFault:
        other = "," if self._decimal == "." else "."
        remedy = f"write plain digits with the decimal sign {quoted(self._decimal)}"
        if isinstance(cell, str) and other in cell:
            remedy += f", or declare --decimal {quoted(other)} (decimal)"
        return RowFault(self._column, cell, "is not a number", remedy)

    def _out_of_range(self, wh: Decimal, cell: object) -> RowFault:
        if not wh.is_finite():
            return self._not_a_number(cell)
        if wh < 0:
            return RowFault(self._column, cell, f"is a negative {self._limit.thing}", self._limit.remedy_for_negative)
        problem = f"is more {self._unit} than is possible: {self._limit.reason}"
        return RowFault(
            self._column, cell, problem, "correct the value, the declared unit or --rated-power-kw (rated_power_kw)"
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """What one cell can hold at most, in Wh or varh, and why; `thing` names what it holds."""

    thing: str
    wh: int
    reason: str
    remedy_for_negative: str


def whole(amounts: Sequence[Decimal]) -> tuple[list[int], int]:
    """Whole Wh of interval amounts that may be finer, and how many were finer.

    What is rounded off one amount is carried to the next: the sum is that of the exact amounts, rounded half up once.
    """
    truncated = [int(amount) for amount in amounts]
    finer = _finer(amounts, truncated)
    if not finer:
        return truncated, 0
    totals = [int(total + HALF) for total in accumulate(amounts)]
    return [total - before for before, total in zip([0, *totals], totals, strict=False)], finer


def nearest_whole(amounts: Sequence[Decimal]) -> tuple[list[int], int]:
    """Whole Wh of register states, each rounded half up by itself: their differences carry the rest on by nature."""
    truncated = [int(amount) for amount in amounts]
    finer = _finer(amounts, truncated)
    return ([int(amount + HALF) for amount in amounts] if finer else truncated), finer


def _finer(amounts: Sequence[Decimal], truncated: Sequence[int]) -> int:
    return sum(amount != wh for amount, wh in zip(amounts, truncated, strict=True))
