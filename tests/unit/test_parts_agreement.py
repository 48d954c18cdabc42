"""THE agreement of the engine where a month is billed in parts: arrays, uploads one by one, and the plain evaluator.

Tariff, rates, contract, meter and season change on days drawn by chance; loads cross months and changed clocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import charges as kinds
from domain.agreements import Agreed, Agreements
from domain.arrays import PricedLoad, price_agreed
from domain.bill import Bill, bill_of_parts
from domain.measurement import Quality
from domain.tariff import Rates, Tariff
from domain.terms import BillingMonth, Contract, History, joined
from tests.reference import chance, plain
from tests.reference.cases import CONTRACT, FAMILIES, SEEDS, Case, some_days
from tests.reference.plain_parts import bill_of_parts as plain_bill_of_parts
from tests.reference.plain_parts import days_alike
from tests.reference.uploads import by_uploads, closed

ROOTS = ("demand", "capacity", "excess_quadratic")
SMALLER = Contract({"all": Decimal(70)}, metered_on_low_side=True)
HIGH_SIDE = Contract({"all": Decimal(100)})


@dataclass(frozen=True)
class Changing:
    """A case whose tariff, contract, rates, season or meter changes."""

    case: Case
    agreements: Agreements

    def priced(self) -> PricedLoad:
        return price_agreed(self.case.load, self.agreements, self.case.zone, history=self.case.history)


def changing(seed: int, load_seed: int, families: set[str]) -> Changing:
    case, dice = some_days(seed, load_seed, families), Random(seed + load_seed)  # repeatable
    first = case.load.start.astimezone(case.zone).date()
    days = sorted(first + timedelta(days=n) for n in dice.sample(range(-20, 40), 3))
    tariff = without_carriers(replace(case.tariff, splits_at_seasons=dice.random() < 0.5))
    if dice.random() < 0.5:
        tariff = dearer_from(tariff, first + timedelta(days=dice.randrange(-10, 20)), dice)
    tariff = stricter_from(tariff, first + timedelta(days=dice.randrange(-10, 20)))
    agreed = [Agreed(date(2000, 1, 1), tariff, CONTRACT)]
    if dice.random() < 0.6:
        other = chance.tariff(dice, dice.sample(chance.FAMILIES, 4), case.load.start, case.load.step_minutes)
        chosen = dice.choice([tariff, without_carriers(replace(other, id="other"))])
        agreed.append(Agreed(days[0], chosen, dice.choice([CONTRACT, SMALLER, HIGH_SIDE])))
        if dice.random() < 0.3:
            agreed.append(Agreed(days[1], tariff, CONTRACT))
    meters = (days[2],) if dice.random() < 0.4 else ()
    return Changing(case, Agreements(tuple(agreed), meters))


def dearer_from(tariff: Tariff, day: date, dice: Random) -> Tariff:
    """Some of the rates are others from a day on."""
    (rates,) = tariff.rate_table.rates
    chosen = set(dice.sample(sorted(rates.values), dice.randint(1, len(rates.values))))
    others = {key: rate + 1 if key in chosen else rate for key, rate in rates.values.items()}
    both = (replace(rates, valid_to=day), Rates(day, None, others, "drawn later"))
    return replace(tariff, rate_table=replace(tariff.rate_table, rates=both))


def stricter_from(tariff: Tariff, day: date) -> Tariff:
    """Dated thresholds of a power factor change on a day."""

    def moved(charge: kinds.Charge) -> kinds.Charge:
        if not isinstance(charge, kinds.PowerFactorAdjustment) or not charge.thresholds:
            return charge
        first, second = charge.thresholds
        return replace(charge, thresholds=(first, replace(second, valid_from=day)))

    return replace(tariff, charges=tuple(moved(charge) for charge in tariff.charges))


def without_carriers(tariff: Tariff) -> Tariff:
    """Without what one part leaves to the next (credits, banks): the plain evaluator knows no such thing."""
    carried = (kinds.NetMetering, kinds.ExportCredit)
    return replace(tariff, charges=tuple(one for one in tariff.charges if not isinstance(one, carried)))


CHANGING = st.builds(changing, SEEDS, SEEDS, FAMILIES)


@given(one=CHANGING)
@settings(max_examples=150)
def test_the_array_prices_a_changing_supply_as_the_plain_evaluator_does(one: Changing) -> None:
    history: History = one.case.history
    for bill in one.priced().bills:
        parts = list(plain_parts(one, bill.first, history))
        assert [(part.first, part.end) for part in parts] == [(part.first, part.end) for part in bill.parts]
        check_lines(bill, plain_bill_of_parts(parts), alone=len(parts) == 1)
        history = joined(history, remembered(parts))


@given(one=CHANGING)
@settings(max_examples=60)
def test_uploads_close_to_the_bill_of_the_array_in_every_part(one: Changing) -> None:
    history: History = one.case.history
    for bill in one.priced().bills:
        month, parts = BillingMonth(bill.first, one.case.zone), []
        for terms in one.agreements.terms_of(month, one.case.load.step_minutes, history):
            total, live = closed(by_uploads(one.case, terms), terms)
            parts.append((total, terms))
            nothing = terms.accrued_nano(closed([], terms)[0])
            assert live == [late - early for late, early in zip(terms.accrued_nano(total), nothing, strict=True)]
        assert bill_of_parts("main", parts) == bill
        history = joined(history, bill.remembered)


@given(one=CHANGING)
@settings(max_examples=80)
def test_what_the_intervals_bear_adds_up_to_the_bills_by_charge(one: Changing) -> None:
    priced = one.priced()
    for charge, micro in priced.cost_micro.items():
        billed = sum((line.amount for bill in priced.bills for line in bill.lines if line.charge == charge), Decimal(0))
        assert int(micro.sum()) == billed * 10**6, charge


def check_lines(bill: Bill, expected: Sequence[tuple[int | None, plain.Line]], *, alone: bool) -> None:
    found = {(line.part, line.code): line for line in bill.lines}
    wanted = {(None if alone else number, line.code): line for number, line in expected}
    assert [key for key in wanted if key in found] == list(found), "lines in another order, or too many"
    for key, line in wanted.items():
        gross = Fraction(found[key].gross) if key in found else Fraction(0)
        close = Fraction(1, 10**9) if line.charge in ROOTS else Fraction(1, 10**50)
        assert abs(gross - line.gross) <= abs(line.gross) * close, (key, gross, line.gross)
        assert (found[key].amount if key in found else 0) == line.amount, key


def plain_parts(one: Changing, first: date, history: History) -> Iterator[plain.Month]:
    load, zone = one.case.load, one.case.zone
    assert load.reactive_varh is not None
    columns = (load.energy_wh, load.reactive_varh, load.export_wh, load.capacitive_varh)
    energy = [[Fraction(wh, 1000) for wh in column.tolist()] for column in columns if column is not None]
    rows = zip(*energy, load.quality.tolist(), strict=True)
    at = ((load.start + timedelta(minutes=load.step_minutes) * n).astimezone(zone) for n in range(10**6))
    known = [
        plain.Interval(local, *each)
        for (*each, quality), local in zip(rows, at, strict=False)
        if quality != Quality.MISSING
    ]
    for start, end, tariff, contract, rates in days_alike(one.agreements, first):
        inside = [interval for interval in known if start <= interval.at.date() < end]
        kw, low_side = contract.contracted_kw["all"], contract.metered_on_low_side
        yield plain.Month(tariff, rates, kw, history, start, inside, low_side, end)


def remembered(parts: Sequence[plain.Month]) -> dict[str, dict[date, Fraction]]:
    found: dict[str, dict[date, Fraction]] = {}
    for part in parts:
        for charge in part.tariff.charges:
            if isinstance(charge, kinds.MaximumDemand) and (charge.look_back or charge.ratchet):
                found.setdefault(charge.code, {})[part.first] = plain.demand_kw(charge, part)
    return found
