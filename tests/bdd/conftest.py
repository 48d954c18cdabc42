"""Every sentence that a product owner may write. What one does is in `plant`, `device` and `figures`.

Those about closed months and meters that come and go are in `ledger_steps`, those about a device in `device_steps`.
"""

from datetime import date, time
from decimal import Decimal
from functools import partial

import pytest
import pytest_bdd
from pytest_bdd.parsers import parse as says

from adapters.tariff_files import TariffFiles
from domain.arrays.evidence import evidence_of
from domain.arrays.load import PricedLoad
from domain.bill import Bill
from domain.cost_event import CostKind
from domain.measurement import MeterType, Quality, Reading
from tests.bdd import device_steps, ledger_steps
from tests.bdd.as_printed import READ, instant, number, rows_of, thousandths
from tests.bdd.figures import Figures, line, printed, share, shares
from tests.bdd.plant import (
    MAIN,
    METERS,
    STEP,
    Gap,
    Plant,
    Supply,
    bill_by_line,
    by_line,
    energy,
    of_charge,
    pair,
    refusal_of,
)

given = partial(pytest_bdd.given, converters=READ)
when = partial(pytest_bdd.when, converters=READ)
then = partial(pytest_bdd.then, converters=READ)
when_trying = partial(when, target_fixture="refusal")


def pytest_configure(config: pytest.Config) -> None:
    for sentences in (ledger_steps, device_steps):  # each has a file of its own
        config.pluginmanager.register(sentences)


@given(says('the tariff "{tariff}"'), target_fixture="supply")
def _(tariff: str) -> Supply:
    return Supply.of(TariffFiles().get(tariff))


@given(says('the tariff "{tariff}" with {contracted} kW contracted'), target_fixture="supply")
def _(tariff: str, contracted: Decimal) -> Supply:
    return Supply.of(TariffFiles().get(tariff), contracted)


@given(says('the tariff "{tariff}" with {contracted} kW contracted and {cost} for "{rate}"'), target_fixture="supply")
def _(tariff: str, contracted: Decimal, cost: Decimal, rate: str) -> Supply:
    return Supply.of(TariffFiles().get(tariff, overrides={rate: cost}), contracted)


@given(says('the rates of "{tariff}" held for ever, with {contracted} kW contracted'), target_fixture="supply")
def _(tariff: str, contracted: Decimal) -> Supply:
    return Supply.of(TariffFiles().get(tariff), contracted).held_for_ever()


@when(says("someone asks for the period at {at} on {day}"), target_fixture="period")
def _(supply: Supply, at: time, day: date) -> str:
    return supply.tariff.periods[supply.tariff.calendar.period_at(day, at.hour * 60 + at.minute)]


@then(says('the period is "{name}"'))
def _(period: str, name: str) -> None:
    assert period == name


@given(says('the plant "{name}"'), target_fixture="plant")
def _(name: str, supply: Supply) -> Plant:
    return Plant(name, supply)


@given(says("its meters can carry {kw} kW and count to {kwh} kWh"))
def _(kw: Decimal, kwh: int) -> None:
    assert set(METERS.values()) == {MeterType(rated_power_w=int(kw * 1000), modulus=kwh + 1)}


@given(says('meter "{meter}" has measured {kwh} kWh at {at} on {day}'))
@when(says('meter "{meter}" measures {kwh} kWh at {at} on {day}'))
@when(says('the late measurement of meter "{meter}", {kwh} kWh at {at} on {day}, arrives'))
def _(plant: Plant, meter: str, kwh: int, at: time, day: date) -> None:
    plant.measure(meter, plant.at(day, at), kwh)


@when(says('meter "{meter}" measures {kwh} kWh each time the clock shows {at} on {day}'))
def _(plant: Plant, meter: str, kwh: int, at: time, day: date) -> None:
    for fold in (0, 1):
        plant.measure(meter, plant.at(day, at, fold), kwh)


@when(says('meter "{meter}" measures {kwh} kWh in every five minutes of {day}'))
def _(plant: Plant, meter: str, kwh: int, day: date) -> None:
    for start in plant.starts(day):
        plant.measure(meter, start, kwh)


@given(says('meter "{meter}" has run at {kw} kW for {minutes} minutes from {at} on {day}'))
def _(plant: Plant, meter: str, kw: Decimal, minutes: int, at: time, day: date) -> None:
    plant.run(meter, plant.steps(plant.at(day, at), minutes), kw)


@given(says("everything else in {month} runs at {kw} kW"))
def _(plant: Plant, month: date, kw: Decimal) -> None:
    plant.run_elsewhere(month, kw)


@given(says("{month} runs at {kw} kW but for {minutes} minutes from {at} on {day}"))
def _(plant: Plant, month: date, kw: Decimal, minutes: int, at: time, day: date) -> None:
    plant.run_elsewhere(month, kw, but=plant.steps(plant.at(day, at), minutes))


@given(says('meter "{meter}" showed {before} kWh at {at} on {day}, then {after} kWh at {end} on {last}'))
@when(says('meter "{meter}" shows {before} kWh at {at} on {day}, then {after} kWh at {end} on {last}'))
def _(plant: Plant, *, meter: str, before: int, at: time, day: date, after: int, end: time, last: date) -> None:
    plant.send([(Reading(meter, plant.at(day, at), before, 0), Reading(meter, plant.at(last, end), after, 0))])


@when(says('meter "{meter}" is read for the first time, {kwh} kWh at {at} on {day}'))
def _(plant: Plant, meter: str, kwh: int, at: time, day: date) -> None:
    plant.send([(None, Reading(meter, plant.at(day, at), kwh, 0))])


@given(says('meter "{meter}" has been registered'))
def _(plant: Plant, meter: str) -> None:
    plant.register(plant.point.device, MAIN, meter)


@when(says("one poll at {at} on {day} brings:"))
def _(plant: Plant, at: time, day: date, datatable: list[list[str]]) -> None:
    start = plant.at(day, at) - STEP
    plant.send([pair(meter, start, thousandths(kwh)) for meter, kwh in rows_of(datatable, "meter", "kWh")])


@given(says('an unknown device "{device}" has sent {kwh} kWh of its meter "{meter}" at {at} on {day}'))
@when(says('an unknown device "{device}" sends {kwh} kWh of its meter "{meter}" at {at} on {day}'))
def _(plant: Plant, device: str, kwh: int, meter: str, at: time, day: date) -> None:
    plant.send([pair(meter, plant.at(day, at), kwh)], device)


@when(says('"{device}" with its meter "{meter}" is registered and the quarantine is replayed'))
def _(plant: Plant, device: str, meter: str) -> None:
    plant.register(device, main=meter)
    for kept in plant.quarantine.kept():
        plant.arrive(kept.data)


@given(says('a message with {kwh} kWh of meter "{meter}" at {at} on {day} was damaged on its way'))
def _(plant: Plant, kwh: int, meter: str, at: time, day: date) -> None:
    message = plant.message([pair(meter, plant.at(day, at), kwh)])
    plant.arrive(message[:-1] + bytes([message[-1] ^ 1]))


@when(says("everything sent so far comes again until it has come {times} times"))
def _(plant: Plant, times: int) -> None:
    for message in plant.messages * (times - 1):
        plant.arrive(message)


@then(says('the energy of meter "{meter}" at {at} on {day} costs {cost} in period "{period}"'))
def _(plant: Plant, meter: str, at: time, day: date, cost: Decimal, period: str) -> None:
    [found] = plant.costs_at(meter, plant.at(day, at))
    assert (energy([found]), found.period) == (cost, period)


@then(says('the charge "{charge}" grows by {cost} with meter "{meter}" at {at} on {day}'))
def _(plant: Plant, *, charge: str, cost: Decimal, meter: str, at: time, day: date) -> None:
    [found] = plant.costs_at(meter, plant.at(day, at))
    assert of_charge([found], charge) == cost


@then(says('the energy of meter "{meter}" on {day} costs {cost}'))
def _(plant: Plant, meter: str, day: date, cost: Decimal) -> None:
    assert energy(plant.costs_on(meter, day)) == cost


@then(says('the number of measurements of meter "{meter}" on {day} is {count}'))
def _(plant: Plant, meter: str, day: date, count: int) -> None:
    assert len(plant.costs_on(meter, day)) == count


@then(says('meter "{meter}" has measured {kwh} kWh at {at} on {day}, {quality}'))
def _(plant: Plant, meter: str, kwh: int, at: time, day: date, quality: str) -> None:
    [found] = plant.costs_at(meter, plant.at(day, at))
    expected = {"estimated": Quality.ESTIMATED, "not estimated": Quality.MEASURED}[quality]
    assert (found.energy_wh, found.quality) == (kwh, expected)


@then(says('nothing is charged to meter "{meter}" on {day}'))
def _(plant: Plant, meter: str, day: date) -> None:
    assert plant.costs_on(meter, day) == []


@then(says('the ledger shows a gap of meter "{meter}" from {start} to {until} on {day}, a "{reason}"'))
def _(plant: Plant, meter: str, start: str, until: str, day: date, reason: str) -> None:
    assert [gap for gap in plant.gaps() if gap.day == day] == [Gap(meter, day, start, until, reason)]


@then(says('it is refused because "{reason}"'))
@then(says('it says "{reason}"'))
def _(refusal: str, reason: str) -> None:
    assert reason in refusal


@given(says('"{who}" has corrected meter "{meter}" at {at} on {day} to {kwh} kWh because "{why}"'))
@when(says('"{who}" corrects meter "{meter}" at {at} on {day} to {kwh} kWh because "{why}"'))
def _(plant: Plant, *, who: str, meter: str, at: time, day: date, kwh: int, why: str) -> None:
    plant.correct(meter, plant.at(day, at), kwh, who, why)


@when_trying(says('"{who}" tries to correct meter "{meter}" at {at} on {day} to {kwh} kWh because "{why}"'))
def _(plant: Plant, *, who: str, meter: str, at: time, day: date, kwh: int, why: str) -> str:
    return refusal_of(lambda: plant.correct(meter, plant.at(day, at), kwh, who, why))


@then(says('the ledger says that "{who}" corrected {old} kWh to {new} kWh because "{why}"'))
def _(plant: Plant, who: str, old: Decimal, new: Decimal, why: str) -> None:
    said = [(one.by, one.wh_before, one.wh, one.why) for one in plant.corrections()]
    assert said.count((who, int(old * 1000), int(new * 1000), why)) == 1


@then(says('{old} of energy is taken back and {new} is charged for meter "{meter}" at {at} on {day}'))
def _(plant: Plant, old: Decimal, new: Decimal, meter: str, at: time, day: date) -> None:
    told = [(cost.kind, energy([cost])) for cost in plant.costs_at(meter, plant.at(day, at))]
    assert told == [(CostKind.PROVISIONAL, old), (CostKind.REVERSAL, -old), (CostKind.PROVISIONAL, new)]


@given(says("{month} has been closed"))
@when(says("{month} is closed"), target_fixture="bill")
def _(plant: Plant, month: date) -> Bill:
    return plant.close(month)


@when_trying(says("someone tries to close {month}"))
def _(plant: Plant, month: date) -> str:
    return refusal_of(lambda: plant.close(month))


@then(says("live cost and true-up add up to the bill"))
def _(plant: Plant, bill: Bill) -> None:
    assert by_line([*plant.live(bill.first), *plant.true_ups()]) == bill_by_line(bill)


@then(says("its measurements had cost {live} live, and closing added {true_up}"))
def _(plant: Plant, bill: Bill, live: Decimal, true_up: Decimal) -> None:
    assert sum(by_line(plant.live(bill.first)).values()) == live
    assert sum(by_line([plant.true_up()]).values()) == true_up


@then(says("the bill counts {count} intervals: {measured} measured, {estimated} estimated, {missing} missing"))
def _(bill: Bill, count: int, measured: int, estimated: int, missing: int) -> None:
    found = bill.coverage
    assert (found.expected, found.measured, found.estimated, found.missing) == (count, measured, estimated, missing)


@given(says("these figures of {month}:"), target_fixture="figures")
def _(supply: Supply, month: date, datatable: list[list[str]]) -> Figures:
    return Figures.of(supply, month, rows_of(datatable, "period", "kWh", "highest kW"))


@given(says("{kvarh} kVArh of reactive energy"), target_fixture="figures")
def _(figures: Figures, kvarh: int) -> Figures:
    return figures.with_reactive(kvarh)


@given(says("the meter sits on the low-voltage side"), target_fixture="figures")
def _(figures: Figures) -> Figures:
    return figures.on_the_low_side()


@when(says("the bill is made"), target_fixture="bill")
def _(figures: Figures) -> Bill:
    return figures.bill()


@when_trying(says("someone tries to make the bill"))
def _(figures: Figures) -> str:
    return refusal_of(figures.bill)


@then(says('the line "{label}" bills {kw} kW at {price}, which is {amount}'))
def _(bill: Bill, label: str, kw: Decimal, price: Decimal, amount: Decimal) -> None:
    found = line(bill, label)
    assert (found.quantity, found.unit, found.rate, found.amount) == (kw, "kW", price, amount)


@then(says('the line "{label}" says the peak began at {at} on {day}'))
def _(bill: Bill, label: str, at: time, day: date) -> None:
    assert line(bill, label).peak_at == instant(day, at, bill.zone)


@then(says('the line "{label}" warns: {words}'))
def _(bill: Bill, label: str, words: str) -> None:
    note = line(bill, label).note
    assert words in note if words != "nothing" else not note


@then(says('the line "{label}" explains "{words}"'))
def _(bill: Bill, label: str, words: str) -> None:
    assert words in line(bill, label).formula


@then(says('the line "{label}" amounts to {amount}'))
def _(bill: Bill, label: str, amount: Decimal) -> None:
    assert line(bill, label).amount == amount


@then(says("the bill comes to {total}"))
def _(bill: Bill, total: Decimal) -> None:
    assert bill.total == total


@then(says("the bill has these lines, which come to {total}:"))
def _(bill: Bill, total: Decimal, datatable: list[list[str]]) -> None:
    assert printed(bill) == [(label, number(amount)) for label, amount in rows_of(datatable, "line", "amount")]
    assert bill.total == total


@then(says("the bill has among its lines, which come to {total}:"))
def _(bill: Bill, total: Decimal, datatable: list[list[str]]) -> None:
    told = [(label, number(amount)) for label, amount in rows_of(datatable, "line", "amount")]
    assert [line for line in printed(bill) if line[0] in dict(told)] == told
    assert bill.total == total


@when(says("the bill of {month} is shared among its measurements"), target_fixture="priced")
def _(plant: Plant, month: date) -> PricedLoad:
    return plant.shared(month)


@then(says('the highest quarter of an hour of "{label}" is {kw} kW, {quality}'))
def _(priced: PricedLoad, label: str, kw: Decimal, quality: str) -> None:
    [bill], [behind] = priced.bills, evidence_of(priced)
    [highest] = behind[[line.label for line in bill.lines].index(label)].named
    assert (highest.quantity, highest.estimated) == (kw, quality == "estimated")


@then(says("it comes to {total}, and the shares of its {count} intervals add up to it, charge by charge"))
def _(priced: PricedLoad, total: Decimal, count: int) -> None:
    [bill] = priced.bills
    assert (bill.total, len(priced.load.energy_wh)) == (total, count)
    assert shares(priced) == {charge: bill.amount_of(charge) for charge in priced.cost_micro}


@then(says('of "{charge}", {amount} in all, these fifteen minutes carry:'))
def _(priced: PricedLoad, charge: str, amount: Decimal, datatable: list[list[str]]) -> None:
    assert priced.bills[0].amount_of(charge) == amount
    for day, at, part in rows_of(datatable, "day", "at", "amount"):
        start = instant(date.fromisoformat(day), time.fromisoformat(at), priced.zone)
        assert share(priced, charge, start) == number(part)
