"""A ledger computed a second time: what was compared, and every difference by its name."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from domain.money import nano_to_decimal


class Compared(StrEnum):
    """What is compared, in the words of the report."""

    BALANCES = "carried balances"
    LIVE = "live costs"
    SETTLED = "live + true-up = bill"
    BILLS = "bills in force"
    ALLOCATION = "allocated costs"
    DAYS = "days of closed months"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the ledger says and that its own readings do not bear out. `where` names it."""

    what: Compared
    where: str
    ledger: str
    computed: str

    def __str__(self) -> str:
        return f"{self.where}: the ledger has {self.ledger}, its readings give {self.computed}"


@dataclass(slots=True)
class Verification:
    """How many amounts of each kind were compared, all that differ, and what could not be compared, with its reason.

    `to_rerate` are months whose bill in force was right when it was billed, and would be another by what is known now.
    """

    compared: Counter[Compared] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    to_rerate: list[str] = field(default_factory=list)
    events: int = 0
    measurements: int = 0

    @property
    def holds(self) -> bool:
        return not self.differences

    def compare(self, what: Compared, where: str, ledger: object, computed: object) -> None:
        """Count a comparison; what is not equal becomes a difference."""
        self.compared[what] += 1
        if ledger != computed:
            self.differences.append(Difference(what, where, str(ledger), str(computed)))

    def compare_nano(self, what: Compared, where: str, ledger: int, computed: int) -> None:
        """As `compare`, of amounts in nano-currency."""
        self.compared[what] += 1
        if ledger != computed:
            self.differences.append(Difference(what, where, _money(ledger), _money(computed)))


def _money(nano: int) -> str:
    amount: Decimal = nano_to_decimal(nano)
    return f"{amount.normalize():,f}"
