"""What the words of one meter mean, how plausible that is, and whether another word order would make more of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.modbus.decoding import Decoded, Words, decode, values
from domain.meter_profile import MeterProfile, WordOrder
from domain.plausibility import Finding, Plausibility, judge
from domain.quantity import QUANTITIES

COARSE_WH = 10
"""A counter that steps by more than this is said to be coarse: a five-minute energy of a small load shows it."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One meter's registers, decoded and judged. `better_words` is the order under which all would be possible."""

    decoded: tuple[Decoded, ...]
    values: Mapping[str, Decimal | None]
    findings: tuple[Finding, ...]
    better_words: WordOrder | None

    @property
    def impossible(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.verdict is Plausibility.IMPOSSIBLE)

    @property
    def doubtful(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.verdict is Plausibility.DOUBTFUL)

    @property
    def coarse(self) -> tuple[str, ...]:
        """Sentences about counters whose steps are wide."""
        counters = ((one, QUANTITIES[one.register.quantity]) for one in self.decoded if one.value is not None)
        return tuple(
            f"{quantity.name} moves in steps of {one.step.normalize():f} {quantity.unit}"
            for one, quantity in counters
            if quantity.counter and one.step > COARSE_WH
        )


def examine(profile: MeterProfile, words: Words, ratio: Decimal = Decimal(1)) -> Examination:
    """`words` must hold every register of the profile."""
    decoded = decode(profile, words, ratio)
    found = values(decoded)
    findings = judge(found, profile.checks)
    worst = _score(found, findings)
    better = _better_order(profile, words, ratio, worst) if worst[0] or worst[1] > 1 else None
    return Examination(decoded, found, findings, better)


def _better_order(profile: MeterProfile, words: Words, ratio: Decimal, worst: tuple[int, int]) -> WordOrder | None:
    """The order with nothing impossible and the least doubt, if it is clearly better than the profile's own."""
    found: list[tuple[tuple[int, int], WordOrder]] = []
    for order in WordOrder:
        if order is not profile.transport.words:
            read = values(decode(profile, words, ratio, order))
            found.append((_score(read, judge(read, profile.checks)), order))
    score, order = min(found, key=lambda pair: pair[0])
    return order if score[0] == 0 and score < worst else None


def _score(read: Mapping[str, Decimal | None], findings: tuple[Finding, ...]) -> tuple[int, int]:
    """How many values are impossible, and how much else is odd: doubts, and values that are no number at all."""
    impossible = sum(f.verdict is Plausibility.IMPOSSIBLE for f in findings)
    return impossible, len(findings) - impossible + sum(value is None for value in read.values())
