"""A bill line before it is read: its figures, and the heading it stands under, which all meters share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any, NotRequired, TypedDict

from domain.bill import Basis, BillLine
from domain.money import Rounding


class Told(TypedDict):
    """What a line says in words: its formula; note and peak where it has them; its basis if not its heading's."""

    formula: str
    note: NotRequired[str]
    basis: NotRequired[Basis]
    peak_at: NotRequired[datetime | None]


Words = Callable[[BillLine], Told]
"""Formed when somebody reads them: of a thousand bills most are only added up."""


@dataclass(frozen=True)
class Heading:
    """What a line says whatever was measured: whose it is, its unit, rate and source, who shares it, its rounding."""

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
    rounded: Callable[[Decimal], Decimal] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounded", self.rounding.rule)  # at hand, because it is asked for every line

    def line(self, figures: "Figures", part: int | None) -> BillLine:
        """A new line; its words are formed when they are read."""
        line = object.__new__(BillLine)
        said = line.__dict__
        said.update(self._said)
        said.update(quantity=figures.quantity, rate=figures.rate, gross=figures.gross, amount=figures.amount, part=part)
        said["_later"] = partial(self._tell, figures.words)
        return line

    def _tell(self, words: Words, line: BillLine) -> dict[str, Any]:
        return {"basis": self.basis, "note": "", "peak_at": None, **words(line)}

    @cached_property
    def _said(self) -> dict[str, Any]:
        """Copied into each line as a whole: field by field it would cost as much as working the line out."""
        names = ("code", "charge", "group", "label", "unit", "rate_unit", "source")
        return {name: getattr(self, name) for name in names}


class Figures:
    """A line as it is worked out: quantity, gross, and the amount it is rounded to. The line is formed when read.

    A charge that looks at the lines before it may find them as figures: both have a code, a charge and a group.
    """

    __slots__ = ("amount", "charge", "gross", "group", "heading", "quantity", "words")

    def __init__(self, heading: Heading, quantity: Decimal, gross: Decimal, words: Words) -> None:
        self.heading = heading
        self.charge = heading.charge
        self.group = heading.group
        self.quantity = quantity
        self.gross = gross
        self.amount = heading.rounded(gross)
        self.words = words

    @property
    def code(self) -> str:
        return self.heading.code

    @property
    def rate(self) -> Decimal:
        return self.heading.rate

    def line(self, part: int | None = None) -> BillLine:
        """Of a part of the bill, or of all of it."""
        return self.heading.line(self, part)


class FiguresAtRate(Figures):
    """At a rate that only the load tells: a percentage by the power factor."""

    __slots__ = ("_rate",)

    def __init__(self, heading: Heading, figures: tuple[Decimal, Decimal, Decimal], words: Words) -> None:
        """`figures` are quantity, rate and gross."""
        quantity, self._rate, gross = figures
        super().__init__(heading, quantity, gross, words)

    @property
    def rate(self) -> Decimal:
        return self._rate


Worked = BillLine | Figures
"""A line of a bill in the making."""
