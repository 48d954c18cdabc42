"""What a bill line says whatever was measured: prepared once for the terms, and shared by all meters billed by them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from domain.bill import Basis, GrossLine

Words = Callable[[], str]
"""Text that is formed when somebody reads it: of a thousand bills most are only added up."""


@dataclass(frozen=True)
class Heading:
    """Whose line it is, its unit, rate and source, and who shares it, unless the line itself says otherwise."""

    code: str
    charge: str
    group: str
    label: str
    unit: str
    rate: Decimal
    rate_unit: str
    source: str
    basis: Basis

    def line(
        self,
        quantity: Decimal,
        gross: Decimal,
        formula: Words,
        *,
        rate: Decimal | None = None,
        basis: Basis | None = None,
        peak_at: datetime | None = None,
        note: Words | None = None,
    ) -> GrossLine:
        """A line under this heading. Its numbers are worked out now, its words when they are first read."""
        line = object.__new__(GrossLine)
        said = line.__dict__
        said.update(self._said)
        said["quantity"], said["gross"], said["peak_at"] = quantity, gross, peak_at
        said["_formula"] = formula
        if note is None:
            said["note"] = ""
        else:
            said["_note"] = note
        if rate is not None:
            said["rate"] = rate
        if basis is not None:
            said["basis"] = basis
        return line

    @cached_property
    def _said(self) -> dict[str, Any]:
        """Copied into each line as a whole: field by field it would cost as much as working the line out."""
        names = ("code", "charge", "group", "label", "unit", "rate", "rate_unit", "source", "basis")
        return {name: getattr(self, name) for name in names}
