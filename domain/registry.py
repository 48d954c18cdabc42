"""The registry of a supply point: what its events make of it, and which events make it what somebody wants."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.budget import LARGEST_RATED_KW, check_contracted
from domain.errors import BadReadings
from domain.measurement import Swap
from domain.site_events import (
    AgreementChanged,
    DeviceKeysRegistered,
    MeterJoined,
    MeterLeft,
    MeterSwapped,
    SupplyPointEvent,
    SupplyPointRegistered,
)
from domain.supply_point import Agreement, SupplyPoint

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def evolve(point: SupplyPoint | None, event: SupplyPointEvent) -> SupplyPoint:
    """Let an event have happened. The first one registers."""
    if isinstance(event, SupplyPointRegistered):
        return SupplyPoint(
            id=event.supply_point,
            device=event.device,
            zone=ZoneInfo(event.timezone),
            tariff=event.tariff,
            contract=event.contract,
            main_meter=event.main_meter,
            meters=event.meters,
            step_minutes=event.step_minutes,
        )
    if point is None:
        raise AssertionError(f"the first event of a supply point is its registration, not {event}")
    match event:
        case MeterJoined():
            return _joined(point, event)
        case MeterLeft(meter, at):
            return replace(point, until={**point.until, meter: at})
        case AgreementChanged(since, tariff, contract):
            others = [one for one in point.later if one.since != since]
            later = sorted([*others, Agreement(since, tariff, contract)], key=lambda one: one.since)
            return replace(point, later=tuple(later))
        case MeterSwapped():
            return _swapped(point, event)
        case DeviceKeysRegistered(keys):
            return replace(point, device_keys=keys)


def _joined(point: SupplyPoint, event: MeterJoined) -> SupplyPoint:
    """One that left comes back and keeps its past; another word about its coming counts instead of the one before."""
    meter, since, spells = event.meter, event.since, point.away.get(event.meter, ())
    meters = {**point.meters, meter: event.meter_type}
    left = point.until.get(meter)
    if left is not None and left <= since:
        until = {one: at for one, at in point.until.items() if one != meter}
        first = {**point.since, meter: point.since.get(meter, BEGINNING)}  # so that its limits are looked at
        away = {**point.away, meter: (*spells, (left, since))}
        return replace(point, meters=meters, since=first, until=until, away=away)
    if spells and spells[-1][0] <= since:
        return replace(point, meters=meters, away={**point.away, meter: (*spells[:-1], (spells[-1][0], since))})
    away = {one: gone for one, gone in point.away.items() if one != meter}
    return replace(point, meters=meters, since={**point.since, meter: since}, away=away)


def _swapped(point: SupplyPoint, event: MeterSwapped) -> SupplyPoint:
    swap = Swap(event.at, event.last, point.meters[event.meter], event.first, event.meter_type)
    every = (*point.swaps.get(event.meter, ()), swap)
    days = {*point.meter_changed}
    if event.meter == point.main_meter:
        days.add(event.at.astimezone(point.zone).date())
    return replace(
        point,
        meter_changed=tuple(sorted(days)),
        meters={**point.meters, event.meter: event.meter_type},
        swaps={**point.swaps, event.meter: every},
    )


def registration(wanted: SupplyPoint) -> SupplyPointRegistered:
    """The event that registers a supply point with the meters that were there from the beginning."""
    return SupplyPointRegistered(
        supply_point=wanted.id,
        device=wanted.device,
        timezone=wanted.zone.key,
        tariff=wanted.tariff,
        contract=wanted.contract,
        main_meter=wanted.main_meter,
        meters={meter: kind for meter, kind in wanted.meters.items() if meter not in wanted.since},
        step_minutes=wanted.step_minutes,
    )


def changes(known: SupplyPoint | None, wanted: SupplyPoint) -> list[SupplyPointEvent]:
    """What makes of the known supply point the wanted one; nothing where it is that already.

    Swaps and the keys of the device are told by their own events alone: `wanted` need not repeat them. Raises
    `BadReadings` for what cannot change.
    """
    _check_sizes(wanted)
    if known is None:
        first = registration(wanted)
        return [first, *_changed(evolve(None, first), wanted)]
    for name in ("device", "zone", "main_meter", "step_minutes", "tariff", "contract"):
        if getattr(known, name) != getattr(wanted, name):
            raise BadReadings(
                f"supply point {known.id}: its {name.replace('_', ' ')} was registered as {getattr(known, name)}, not "
                f"{getattr(wanted, name)}; that stays: give later agreements with the day since when they hold"
            )
    return list(_changed(known, wanted))


def _check_sizes(wanted: SupplyPoint) -> None:
    """Nothing is registered that no tariff's budget has room for. Raises `BadReadings`."""
    for meter, kind in wanted.meters.items():
        if kind.rated_power_w > LARGEST_RATED_KW * 1000:
            raise BadReadings(
                f"supply point {wanted.id}: meter {meter!r} is rated {kind.rated_power_w // 1000:,} kW, and the "
                f"largest is {LARGEST_RATED_KW:,} kW; check the unit"
            )
    for agreement in wanted.agreements:
        check_contracted(agreement.contract.contracted_kw, f"supply point {wanted.id}: contracted power")


def _changed(known: SupplyPoint, wanted: SupplyPoint) -> Iterator[SupplyPointEvent]:
    for meter, kind in wanted.meters.items():
        if meter not in known.meters:
            yield MeterJoined(meter, kind, wanted.since.get(meter, BEGINNING))
        elif not known.swaps.get(meter) and known.meters[meter] != kind:
            yield MeterJoined(meter, kind, wanted.since.get(meter, known.since.get(meter, BEGINNING)))
        elif meter in wanted.since and known.came(meter) != wanted.since[meter]:
            yield MeterJoined(meter, known.meters[meter], wanted.since[meter])
    for meter, at in wanted.until.items():
        came_back = any(left == at for left, _ in known.away.get(meter, ()))
        if known.until.get(meter) != at and not came_back:
            yield MeterLeft(meter, at)
    for agreement in wanted.later:
        if agreement not in known.later:
            yield AgreementChanged(agreement.since, agreement.tariff, agreement.contract)


def swap(point: SupplyPoint, event: MeterSwapped) -> MeterSwapped | None:
    """A swap may be told; None when it was. Raises `BadReadings` where it cannot be."""
    point.meter_type(event.meter)
    known = point.swaps.get(event.meter, ())
    told = Swap(event.at, event.last, point.meters[event.meter], event.first, event.meter_type)
    if any((one.at, one.last, one.first) == (told.at, told.last, told.first) for one in known):
        return None
    if known and event.at <= known[-1].at:
        raise BadReadings(
            f"meter {event.meter!r} was swapped at {known[-1].at.isoformat()}; a swap at {event.at.isoformat()} came "
            "before it: tell swaps in their order"
        )
    return event
