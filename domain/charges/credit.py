"""What is given back for each kWh drawn: a fuel adjustment below its base, a credit for delivery at high voltage."""

from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from domain.bill import BillLine, ByEnergy
from domain.charges.charge import Ask, Prepared
from domain.charges.energy import energy_line
from domain.determinants import Determinants
from domain.heading import Told
from domain.money import plain

if TYPE_CHECKING:
    from domain.terms import Terms


@dataclass(frozen=True)
class EnergyCredit(Prepared):
    """Minus kWh of some periods together x a rate per kWh: one negative line. Rates stay positive, as they all are."""

    periods: tuple[tuple[int, str], ...]

    def accrued_nano(self, d: Determinants, terms: "Terms") -> tuple[int, ...]:
        return (-self._wh(d) * terms.micro[self.code],)

    def prepared(self, terms: "Terms") -> Ask:
        heading = self.heading(terms, "kWh", ByEnergy(tuple(p for p, _ in self.periods)))
        heading = with_fields(heading, rate=-heading.rate)
        return lambda d, _: [energy_line(self._wh(d), heading, _words)]

    def _wh(self, d: Determinants) -> int:
        return sum(d.energy_wh[p] for p, _ in self.periods)


def _words(line: BillLine) -> Told:
    return {"formula": f"-({plain(line.quantity)} kWh x {-line.rate})"}
