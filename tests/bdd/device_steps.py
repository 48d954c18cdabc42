"""Sentences about a device: its line, its power, and what waits on it."""

from datetime import date, time
from decimal import Decimal
from functools import partial

import pytest_bdd
from pytest_bdd.parsers import parse as says

from tests.bdd.as_printed import READ
from tests.bdd.device import Device, SteadyMeter
from tests.bdd.plant import Plant

given = partial(pytest_bdd.given, converters=READ)
when = partial(pytest_bdd.when, converters=READ)
then = partial(pytest_bdd.then, converters=READ)


@given(says('its device reads meter "main" every five minutes at a steady {kw} kW'), target_fixture="device")
def _(plant: Plant, kw: Decimal) -> Device:
    return Device(plant, SteadyMeter(kw))


@given(says("the line is down from {at} to {end}"))
def _(device: Device, at: time, end: time) -> None:
    device.line_down = (at, end)


@given(says("every reply of the cloud is lost from {at} to {end}"))
def _(device: Device, at: time, end: time) -> None:
    device.replies_lost = (at, end)


@given(says("the device has no power from {at} to {end}"))
def _(device: Device, at: time, end: time) -> None:
    device.dark = (at, end)


@given(says("the device loses power just after it stored the poll of {at}"))
def _(device: Device, at: time) -> None:
    device.crash_at = at


@when(says("the device works from {at} on {day} to {end} on {last}"))
def _(plant: Plant, device: Device, at: time, day: date, end: time, last: date) -> None:
    device.work(plant.at(day, at), plant.at(last, end))


@then(says("at most {most} polls waited on the device, and now {now} wait"))
def _(device: Device, most: int, now: int) -> None:
    assert (device.longest_wait, device.outbox.backlog()) == (most, now)


@then(says("the cloud knows all {count} readings, none lost and none charged twice"))
def _(device: Device, count: int) -> None:
    found = device.reconcile()
    assert (found.taken, found.priced, found.lost, found.priced_twice) == (count, count, 0, 0)
