"""THE agreement of the tariff engine: arrays, uploads taken in one by one, and a plain evaluator give the same bill.

Tariffs are drawn from every kind of charge and every option; loads cross months and changed clocks.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings

from domain import charges as kinds
from domain.bill import Bill, make_bill
from domain.determinants import Determinants
from domain.measurement import Quality
from domain.tariff import Tariff
from domain.terms import BillingMonth, History, joined
from tests.reference import chance, plain, plain_grid
from tests.reference.cases import CONTRACT, DAYS, MONTHS, Case
from tests.reference.uploads import by_uploads, closed

ROOTS = ("demand", "capacity", "excess_quadratic")
KNOWN_AT_THE_CLOSE = (
    "reactive",
    "factor",
    "steps",
    "points",
    "minimum",
    "whole",
    "pis",
    "icms",
    "low_side",
    "tax",
    "discount",
    "limited",
    "unused",
    "dre",
)


@given(case=DAYS)
@settings(max_examples=100)
def test_uploads_in_the_order_of_time_close_to_the_bill_of_the_array_to_the_last_integer(case: Case) -> None:
    history = {code: dict(months) for code, months in case.history.items()}
    for bill in case.priced().bills:
        terms = case.terms(bill.first, history)
        days = by_uploads(case, terms)
        total, live = closed(days, terms)
        assert total == bill.determinants
        assert make_bill("main", total, terms) == bill
        nothing = Determinants.nothing(3, terms.gauges)
        bill_to_date = terms.accrued_nano(total)
        assert live == [late - early for late, early in zip(bill_to_date, terms.accrued_nano(nothing), strict=True)]
        if days:
            assert days[-1].balance()["main"] == total
            assert days[-1].meters[0].accrued_nano == bill_to_date
        history = joined(history, bill.remembered)


@given(case=DAYS)
@settings(max_examples=250)
def test_the_array_prices_some_days_as_the_plain_evaluator_does(case: Case) -> None:
    history = remembered(case)
    for bill in case.priced().bills:
        check_lines(bill, plain.bill(plain_month(case, bill.first, history)))


@given(case=MONTHS)
@settings(max_examples=12)
def test_a_whole_month_costs_what_the_plain_evaluator_says_and_has_accrued_all_that_was_known(case: Case) -> None:
    history = remembered(case)
    for bill in case.priced().bills:
        lines = plain.bill(plain_month(case, bill.first, history))
        check_lines(bill, lines)
        terms = case.terms(bill.first, history)
        accrued = zip(case.tariff.line_codes, terms.accrued_nano(bill.determinants), strict=True)
        owner = dict(zip(case.tariff.line_codes, case.tariff.line_charges, strict=True))
        for code, nano in accrued:
            gross = lines[code].gross if code in lines else Fraction(0)
            if owner[code] in KNOWN_AT_THE_CLOSE or code == "net.buy_out" or waits_for_kw(case.tariff, owner[code]):
                assert nano == 0
            elif owner[code] in ROOTS:
                assert abs(nano - gross * 10**9) <= max(1, abs(nano) // 10**9)
            else:
                assert nano == int(gross * 10**9), code


def test_every_kind_of_charge_can_be_drawn() -> None:
    drawn_kinds = {one.__name__ for one in vars(kinds).values() if isinstance(one, type) and hasattr(one, "line_codes")}
    text = Path(chance.__file__).read_text(encoding="utf-8")
    assert [name for name in sorted(drawn_kinds - {"Charge"}) if f"kinds.{name}(" not in text] == []


def check_lines(bill: Bill, expected: dict[str, plain.Line]) -> None:
    found = {line.code: line for line in bill.lines}
    assert [code for code in expected if code in found] == list(found), "lines in another order, or too many"
    for code, line in expected.items():
        gross = Fraction(found[code].gross) if code in found else Fraction(0)
        close = Fraction(1, 10**9) if line.charge in ROOTS else Fraction(1, 10**50)  # a third has no last decimal
        assert abs(gross - line.gross) <= abs(line.gross) * close, (code, gross, line.gross)
        assert (found[code].amount if code in found else 0) == line.amount, code


def waits_for_kw(tariff: Tariff, code: str) -> bool:
    return any(one.code == code and one.of for one in tariff.charges if isinstance(one, kinds.TieredEnergy))


def remembered(case: Case) -> History:
    """The months before the load, and those of the load as the plain evaluator measures them."""
    history = {code: dict(months) for code, months in case.history.items()}
    for first in months_of(case):
        for charge in case.tariff.charges:
            if isinstance(charge, kinds.MaximumDemand) and (charge.look_back or charge.ratchet):
                kw = plain.demand_kw(charge, plain_month(case, first, {}))
                history.setdefault(charge.code, {})[first] = kw
            if isinstance(charge, kinds.NetMetering):
                for code, kwh in plain_grid.in_the_bank(charge, plain_month(case, first, history)).items():
                    ends = first.month == charge.expires_in_month
                    history.setdefault(code, {})[first] = Fraction(0) if ends else max(Fraction(0), kwh)
    return history


def months_of(case: Case) -> Iterator[date]:
    month = BillingMonth.of(case.load.start, case.zone)
    while month.start_utc < case.load.end:
        yield month.first
        month = month.next()


def plain_month(case: Case, first: date, history: History) -> plain.Month:
    rates, load = case.tariff.rate_table.rates[0].values, case.load
    columns = (load.energy_wh, load.reactive_varh, load.export_wh, load.capacitive_varh)
    energy = [[Fraction(wh, 1000) for wh in column.tolist()] for column in columns if column is not None]
    rows = zip(*energy, load.quality.tolist(), strict=True)
    at = ((load.start + timedelta(minutes=load.step_minutes) * n).astimezone(case.zone) for n in range(10**6))
    known = [
        plain.Interval(local, *each)
        for (*each, quality), local in zip(rows, at, strict=False)
        if quality != Quality.MISSING and local.date().replace(day=1) == first
    ]
    return plain.Month(case.tariff, rates, CONTRACT.contracted_kw["all"], history, first, known, low_side=True)
