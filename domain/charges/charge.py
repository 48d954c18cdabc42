"""What every charge can do, and the names every charge has."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from domain.errors import BadReadings
from domain.heading import Heading
from domain.register_gauges import Unmetered

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction

    from domain.bill import Basis, GrossLine
    from domain.determinants import Determinants
    from domain.gauges import AnyGauge
    from domain.heading import Worked
    from domain.measurement import ExtraRegister
    from domain.terms import Terms


WORDS: "Mapping[ExtraRegister, tuple[str, str]]" = {
    "export_wh": ("the energy delivered to the grid", "--export-column"),
    "capacitive_varh": ("capacitive reactive energy", "--capacitive-column"),
}
"""What each register is called, and the option that names its column."""


class Accrual(Enum):
    """What a charge's bill to date grows with. How much, only its `accrued_nano` says."""

    NOTHING = "nothing before the close"
    INTERVALS = "each interval, whatever was used in it"
    ENERGY = "the energy of each period, in proportion"
    LOAD = "something else of the load"


Ask = Callable[["Determinants", "Sequence[Worked]"], "Sequence[Worked]"]
"""What a charge asks of a load, given the lines so far, once its terms are known."""


class Charge(Protocol):
    """One component of a tariff."""

    @property
    def code(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def group(self) -> str:
        """Family of charges, what percentages select: `supply`, `power`, `energy`, `tax` and the like."""
        ...

    @property
    def of(self) -> tuple[str, ...]:
        """Codes and groups whose lines are this charge's base; empty unless it is a percentage of other lines."""
        ...

    @property
    def line_codes(self) -> tuple[str, ...]:
        """Codes of the lines this charge may put on a bill, in order."""
        ...

    @property
    def rate_keys(self) -> tuple[str, ...]:
        """Rates that must be in force: money per unit, to the micro."""
        ...

    @property
    def percent_keys(self) -> tuple[str, ...]:
        """Rates that must be in force: percentages, of any number of decimals."""
        ...

    def gauges(self, terms: "Terms") -> "tuple[AnyGauge, ...]":
        """What must be read from the load besides energy and maxima."""
        ...

    @property
    def months_back(self) -> int:
        """How many months before this one the charge looks back upon; 0 where it remembers nothing."""
        ...

    @property
    def remembers(self) -> bool:
        """Whether later parts or months may look back upon something of it."""
        ...

    def remembered(
        self, d: "Determinants", terms: "Terms", so_far: "Sequence[Worked]" = ()
    ) -> "Mapping[str, Fraction]":
        """This part's figures that later ones may look back upon, by `code` or `code.period`; see `terms.History`.

        Later parts of the same month find them too, at the first day of this part. `so_far` are the part's lines, this
        charge's own among them.
        """
        ...

    def settled_by(self, terms: "Terms") -> "Hashable":
        """None for a charge that stands in each part of a month. One that settles a whole bill says by what.

        Where that, and the charge itself, are the same in all parts, it stands once, over all of them.
        """
        ...

    def accrued_nano(self, d: "Determinants", terms: "Terms") -> tuple[int, ...]:
        """The part's bill to date, one integer per line code; 0 for what only the close can know."""
        ...

    @property
    def accrues(self) -> Accrual:
        """What the bill to date grows with, so that live costs ask for it no oftener than they must."""
        ...

    def accrue(self, terms: "Terms") -> "Callable[[Determinants], tuple[int, ...]]":
        """`accrued_nano` under these terms, for who asks it of many meters."""
        ...

    def prepared(self, terms: "Terms") -> "Ask":
        """`lines`, rounded, for any number of meters: what does not depend on a load is worked out once."""
        ...

    def lines(self, d: "Determinants", terms: "Terms", so_far: "Sequence[Worked]") -> "tuple[GrossLine, ...]":
        """The lines of the part, or of the month for what settles it; the bill rounds those that are not yet.

        May refuse with `ContractIncomplete` or `BadReadings`.
        """
        ...


@dataclass(frozen=True)
class Named:
    """What every charge has: a code, a label for the bill, its group and the legal source of its rule."""

    code: str
    label: str
    group: str
    source: str

    accrues: ClassVar[Accrual] = Accrual.LOAD

    @property
    def of(self) -> tuple[str, ...]:
        return ()

    @property
    def line_codes(self) -> tuple[str, ...]:
        return (self.code,)

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return (self.code,)

    @property
    def percent_keys(self) -> tuple[str, ...]:
        return ()

    def gauges(self, terms: "Terms") -> "tuple[AnyGauge, ...]":
        return ()

    @property
    def months_back(self) -> int:
        return 0

    @property
    def remembers(self) -> bool:
        return self.months_back > 0

    def remembered(
        self, d: "Determinants", terms: "Terms", so_far: "Sequence[Worked]" = ()
    ) -> "Mapping[str, Fraction]":
        return {}

    def settled_by(self, terms: "Terms") -> "Hashable":
        return None

    def accrue(self: "Charge", terms: "Terms") -> "Callable[[Determinants], tuple[int, ...]]":
        return partial(self.accrued_nano, terms=terms)

    def rates_of(self, terms: "Terms") -> "tuple[Decimal, ...]":
        """All its numbers in force, in order."""
        return tuple(terms.rates.values[key] for key in (*self.rate_keys, *self.percent_keys))

    def check_register(self, d: "Determinants", terms: "Terms", register: "ExtraRegister") -> None:
        """Raises `BadReadings` where a month's intervals lack it; the charge has `Unmetered` among its gauges."""
        without = terms.gauge(d, Unmetered(register))[0]
        if without:
            what, option = WORDS[register]
            raise BadReadings(
                f"tariff {terms.tariff.id}: {self.label} needs {what}, and {without:,} intervals of {terms.month} "
                f"have none; name its column with {option}"
            )

    def check_reactive(self, d: "Determinants", terms: "Terms") -> None:
        """Raises `BadReadings` where reactive energy is not metered: without it a kVA would pass for a kW."""
        if d.reactive_varh is None:
            raise BadReadings(
                f"tariff {terms.tariff.id}: {self.label} needs reactive energy, but there is none in {terms.month}; "
                "name its column with --reactive-column"
            )

    def prepared(self: "Charge", terms: "Terms") -> "Ask":
        """Nothing is prepared; see `Prepared`."""
        rounding = terms.tariff.rounding
        return lambda d, so_far: [line.rounded(rounding) for line in self.lines(d, terms, so_far)]

    def heading(
        self, terms: "Terms", unit: str, basis: "Basis", code: str = "", label: str = "", per: str = ""
    ) -> "Heading":
        """Of a line at a rate in money per `unit`, or `per` something else."""
        code = code or self.code
        return Heading(
            code=code,
            charge=self.code,
            group=self.group,
            label=label or self.label,
            unit=unit,
            rate=terms.rates.values[code],
            rate_unit=f"{terms.tariff.currency}/{per or unit}",
            source=self.cited(terms),
            basis=basis,
            rounding=terms.tariff.rounding,
        )

    def cited(self, terms: "Terms") -> str:
        """The source of the rule and of the rate."""
        return "; ".join(part for part in (self.source, terms.rates.source) if part)


@dataclass(frozen=True)
class Prepared(Named):
    """A charge that has a `prepared` of its own: what its lines say and ask whatever is measured, before a load."""

    def lines(self: "Charge", d: "Determinants", terms: "Terms", so_far: "Sequence[Worked]") -> "tuple[GrossLine, ...]":
        return tuple([one.line() for one in self.prepared(terms)(d, so_far)])


@dataclass(frozen=True)
class OfLines(Prepared):
    """A charge that is reckoned from lines before it, by their codes or groups: known at the close and not before."""

    base: tuple[str, ...]

    accrues: ClassVar[Accrual] = Accrual.NOTHING

    @property
    def of(self) -> tuple[str, ...]:
        return self.base

    @property
    def rate_keys(self) -> tuple[str, ...]:
        return ()

    def accrued_nano(self, d: "Determinants", terms: "Terms") -> tuple[int, ...]:
        return (0,)
