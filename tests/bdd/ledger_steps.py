"""Sentences about closed months, permissions, prices that come late, and meters that come and go."""

from datetime import date, time
from decimal import Decimal
from functools import partial

import pytest_bdd
from pytest_bdd.parsers import parse as says

from domain.bill import Bill
from tests.bdd.as_printed import READ, number
from tests.bdd.plant import Plant, bill_in_force, pair

given = partial(pytest_bdd.given, converters=READ)
when = partial(pytest_bdd.when, converters=READ)
then = partial(pytest_bdd.then, converters=READ)


@when(
    says('"{who}", who may reopen months, corrects meter "{meter}" at {at} on {day} to {kwh} kWh because "{why}"'),
    target_fixture="bill",
)
def _(plant: Plant, *, who: str, meter: str, at: time, day: date, kwh: int, why: str) -> Bill:
    plant.correct(meter, plant.at(day, at), kwh, who, why, reopen=True)
    return bill_in_force(plant, day)


@when(
    says('"{who}", who may reopen months, records {kwh} kWh of meter "{meter}" at {at} on {day} because "{why}"'),
    target_fixture="bill",
)
def _(plant: Plant, *, who: str, kwh: int, meter: str, at: time, day: date, why: str) -> Bill:
    plant.late([plant.message([pair(meter, plant.at(day, at), kwh)])], who, why)
    return bill_in_force(plant, day)


@when(says("the quarantine is replayed"))
def _(plant: Plant) -> None:
    plant.replay()


@when(says('"{who}", who may reopen months, replays the quarantine because "{why}"'), target_fixture="bill")
def _(plant: Plant, who: str, why: str) -> Bill:
    plant.replay(said=(who, why))
    return bill_in_force(plant, date(2026, 1, 1))


@given(says('{price} for "{rate}" has been published from {day} on'))
@when(says('{price} for "{rate}" is published from {day} on'))
def _(plant: Plant, price: Decimal, rate: str, day: date) -> None:
    plant.publish(day, rate, price)


@when(says('"{who}" bills {month} again because "{why}"'), target_fixture="bill")
def _(plant: Plant, who: str, month: date, why: str) -> Bill:
    plant.rerate(plant.point, plant.month(month), who, why)
    return bill_in_force(plant, month)


@given(says('meter "{meter}" was replaced at {at} on {day}, the old one at {before} kWh, the new one at {after} kWh'))
def _(plant: Plant, *, meter: str, at: time, day: date, before: int, after: int) -> None:
    plant.swap(meter, plant.at(day, at), before, after)


@given(says('meter "{meter}" counts since {at} on {day}'))
def _(plant: Plant, meter: str, at: time, day: date) -> None:
    plant.counts_since(meter, plant.at(day, at))


@then(says("{month} has had {count} bills, which came to {totals}"))
def _(plant: Plant, month: date, count: int, totals: str) -> None:
    found = [bill.total for bill in plant.period(month).bills]
    assert (len(found), found) == (count, [number(total) for total in totals.split(" then ")])


@then(says("the ledger says that {month} was reopened by {who} because {why}"))
def _(plant: Plant, month: date, who: str, why: str) -> None:
    told = plant.history(plant.point, plant.month(month))
    assert [(one.by, one.why) for one in told if one.what == "reopen"] == [(who.strip('"'), why.strip('"'))]


@then(says("nothing of {month} was billed again"))
def _(plant: Plant, month: date) -> None:
    assert len(plant.period(month).bills) == 1


@then(says('one reading waits in quarantine because "{reason}"'), target_fixture="refusal")
def _(plant: Plant, reason: str) -> str:
    [kept] = plant.quarantine.kept()
    assert reason in kept.text
    return kept.text


@then(says("nothing waits in quarantine"))
def _(plant: Plant) -> None:
    assert plant.quarantine.kept() == []
