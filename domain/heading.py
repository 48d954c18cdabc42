"""What a bill line says whatever was measured: prepared once for the terms, and shared by all meters billed by them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from domain.bill import Basis, BillLine
from domain.money import Rounding

Words = Callable[[], str]
"""Text that is formed when somebody reads it: of a thousand bills most are only added up."""


@dataclass(frozen=True)
class Heading:
    """Whose line it is, its unit, rate and source, who shares it, and how it is rounded.

    A line may say another rate or basis.
    """

    code: str
    charge: str
    group: str
    label: str
    unit: str
    rate: Decimal
    rate_unit: str
    source: str
    basis: Basis
    rounding: Rounding

    def line(  # noqa: PLR0913  # what one line may say otherwise than its heading
        self,
        quantity: Decimal,
        gross: Decimal,
        formula: Words,
        *,
        rate: Decimal | None = None,
        basis: Callable[[], Basis] | None = None,
        peak_at: datetime | None = None,
        note: Words | None = None,
    ) -> BillLine:
        """A line under this heading. Its numbers are worked out now, the rest when it is first read."""
        line = object.__new__(BillLine)
        said = line.__dict__
        said.update(self._said)
        said["quantity"], said["gross"], said["amount"], said["_formula"] = (
            quantity,
            gross,
            self.rounding(gross),
            formula,
        )
        if peak_at is not None:
            said["peak_at"] = peak_at
        if note is not None:
            del said["note"]
            said["_note"] = note
        if rate is not None:
            said["rate"] = rate
        if basis is not None:
            del said["basis"]
            said["_basis"] = basis
        return line

    @cached_property
    def _said(self) -> dict[str, Any]:
        """Copied into each line as a whole: field by field it would cost as much as working the line out."""
        names = ("code", "charge", "group", "label", "unit", "rate", "rate_unit", "source", "basis")
        return {name: getattr(self, name) for name in names} | {"peak_at": None, "note": "", "part": None}
