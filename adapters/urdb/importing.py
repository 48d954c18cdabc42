"""From a record to a `Tariff`: everything in it is priced, told, or a reason to refuse the whole."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from adapters.urdb.demand import (
    add_flat,
    add_ratchet,
    add_time_of_use,
    check_ratchet,
    demand_minutes,
    flat_by_schedule,
    flat_of_months,
    read_ratchet,
)
from adapters.urdb.drafting import Draft, add_fixed, add_minimum
from adapters.urdb.energy import Energy, add_energy, add_export, check_units, steps_of_months
from adapters.urdb.fields import APART, INFORMATIVE, NET_BILLING, PRICED, TOLD, check_fields, shown, told
from adapters.urdb.hours import ALWAYS, Hours, Rows, read_rows
from adapters.urdb.ladders import Ladder, read_ladders
from adapters.urdb.numbers import MONTHS, number, twelve
from adapters.urdb.records import Record
from domain.budget import over_budget
from domain.errors import InvalidTariff
from domain.money import Rounding
from domain.tariff import Rates, RateTable, Tariff

BEFORE_ANY_RATE = date(1970, 1, 1)
AMERICAN = {"USA", "US"}


def import_record(
    record: Record, timezone: str, leave_out: Collection[str] = (), ratchet_on: Literal["flat"] | None = None
) -> Tariff:
    """The whole record. Raises `InvalidTariff` with every reason against it.

    `timezone`: where the schedules' hours are read; URDB does not say it. `leave_out`: fields to ignore, knowingly.
    `ratchet_on`: which of its demands look back, where there are several; URDB does not say that either.
    """
    left_out = {name.lower() for name in leave_out}
    _check_left_out(record, left_out)
    draft = Draft({name: value for name, value in record.fields.items() if name not in left_out})
    check_fields(draft.fields, draft.faults)
    valid = _dates(draft)
    hours = _add_charges(draft, "sell" in left_out, ratchet_on == "flat")
    if ratchet_on is not None and draft.ratchet is None:
        draft.faults.add(f"--ratchet-on {ratchet_on}: the record has no ratchet; drop the option")
    minutes = demand_minutes(draft)
    if not draft.charges:
        draft.faults.add("nothing in it costs anything; a record with detail=full has its prices")
    if not draft.faults.found and (fault := over_budget(draft.charges, draft.values)) is not None:
        draft.faults.add(f"{fault.key}: {draft.values[fault.key]}: {fault}")
    draft.faults.refuse(record.place)
    identity = f"urdb-{_slug(record.label)}"
    source = f"OpenEI URDB record {record.label}" + _more(draft.fields, "uri")
    rates = Rates(*valid, draft.values, shown(source + _more(draft.fields, "source"), 300))
    utility, name = (shown(draft.fields.get(key, ""), 200) for key in ("utility", "name"))
    return Tariff(
        id=identity,
        name=", ".join(part for part in (utility, name) if part) or identity,
        country="US",
        currency="USD",
        timezone=timezone,
        source=shown(source, 300),
        demand_minutes=minutes,
        calendar=hours.calendar(),
        charges=tuple(draft.charges),
        rounding=Rounding(),
        rate_table=RateTable(identity, "", (rates,)),
        version=_version(record, timezone, left_out, ratchet_on),
        notes=(*_left_out(record, left_out), *draft.notes, *told(draft.fields)),
    )


def _add_charges(draft: Draft, may_sell: bool, on_flat_alone: bool) -> Hours:
    """All charges in the order of the bill, and the hours they are told by."""
    sells = draft.fields.get("dgrules") == NET_BILLING and not may_sell
    energy = read_ladders(draft.fields, "energyratestructure", may_sell or sells, draft.faults)
    demand = read_ladders(draft.fields, "demandratestructure", may_sell, draft.faults)
    flat = flat_of_months(read_ladders(draft.fields, "flatdemandstructure", may_sell, draft.faults), draft)
    energy_rows = _rows(draft, "energy", energy, wanted=bool(energy))
    demand_rows = _rows(draft, "demand", demand, wanted=any(ladder.is_priced for ladder in demand))
    fuel = twelve(draft.fields.get("fueladjustmentsmonthly", [0] * MONTHS), "fueladjustmentsmonthly", draft.faults)
    check_units(energy, draft)
    steps = steps_of_months(energy, energy_rows, draft)
    draft.ratchet, flat_unit = read_ratchet(draft), "flatdemandunit"
    if draft.ratchet is not None and not any(flat) and (whole := flat_by_schedule(demand, demand_rows)) is not None:
        flat, flat_unit, demand, demand_rows = whole, "demandrateunit", (), (ALWAYS, ALWAYS)
    keys = list(zip(fuel, steps, strict=True))
    weekday, weekend = ((energy_rows[day], demand_rows[day]) for day in (0, 1))
    hours = Hours((weekday, weekend), tuple(keys.index(key) + 1 for key in keys), bool(energy))
    hours.check(draft.faults)
    draft.notes.append("Saturdays and Sundays follow the weekend schedule; URDB knows no holidays.")
    add_fixed(draft)
    add_flat(draft, hours, flat, flat_unit)
    add_time_of_use(draft, hours, demand)
    add_ratchet(draft, on_flat_alone)
    if energy:
        add_energy(draft, hours, Energy(energy, steps, fuel))
        if sells:
            add_export(draft, hours, energy)
    else:
        _without_energy(draft, fuel)
    check_ratchet(draft)
    add_minimum(draft)
    return hours


def _rows(draft: Draft, kind: str, ladders: Sequence[Ladder], wanted: bool) -> tuple[Rows, Rows]:
    names = [f"{kind}{day}schedule" for day in ("weekday", "weekend")]
    if not wanted:
        return ALWAYS, ALWAYS
    weekday, weekend = (
        read_rows(draft.fields, name, f"{kind}ratestructure", len(ladders), draft.faults) for name in names
    )
    return weekday, weekend


def _without_energy(draft: Draft, fuel: Sequence[Decimal]) -> None:
    draft.notes.append("The record has no price of energy.")
    for name in ("energyweekdayschedule", "energyweekendschedule"):
        if name in draft.fields:
            draft.faults.add(f"{name}: names periods, but energyratestructure is missing")
    if any(fuel):
        draft.faults.add("fueladjustmentsmonthly: adjusts the price of energy, but energyratestructure is missing")


def _dates(draft: Draft) -> tuple[date, date | None]:
    """First day, and the day after the last: the next record of a rate starts on the day after `enddate`."""
    country = draft.fields.get("country", "USA")
    if str(country) not in AMERICAN:
        draft.faults.add(f"country: {shown(country)}: only rates of the USA, because records do not say their currency")
    start, end = (_day(draft, name) for name in ("startdate", "enddate"))
    if start is None:
        draft.notes.append("The record has no start date: its rates hold from 1970 on.")
    valid_from = start or BEFORE_ANY_RATE
    if end is not None and end < valid_from:
        draft.faults.add(f"enddate: {end}: is before startdate {valid_from}")
    return valid_from, None if end is None else end + timedelta(days=1)


def _day(draft: Draft, name: str) -> date | None:
    """Seconds since 1970, as the service answers, or an ISO text; the day of both in UTC."""
    value = draft.fields.get(name)
    if value is None:
        return None
    try:
        seconds = number(value)
        if seconds is not None:
            return datetime.fromtimestamp(int(seconds), UTC).date()
        return date.fromisoformat(str(value)[:10])
    except (ValueError, OverflowError, OSError):
        draft.faults.add(f"{name}: {shown(value)}: is no date; the service gives seconds since 1970")
        return None


def _check_left_out(record: Record, left_out: Collection[str]) -> None:
    """What has a meaning for the rest cannot go; `sell` stands inside tiers. Raises `InvalidTariff`."""
    for name in sorted(left_out):
        if name in PRICED or name in INFORMATIVE or name in TOLD:
            raise InvalidTariff(
                f"{record.place}: --leave-out {name}: the rest depends on it, or it is not billed anyway; "
                f"only fields that are refused can be left out, like {', '.join(APART)}"
            )
        if name != "sell" and name not in record.fields:
            raise InvalidTariff(f"{record.place}: --leave-out {name}: the record does not have it; drop the option")


def _left_out(record: Record, left_out: Collection[str]) -> list[str]:
    return [
        f"Left out as you asked, and not in any bill: {name}: {shown(record.fields.get(name, 'in the tiers'))}"
        for name in sorted(left_out)
    ]


def _version(record: Record, timezone: str, left_out: Collection[str], ratchet_on: str | None) -> str:
    said = [record.fields, timezone, sorted(left_out), *([ratchet_on] if ratchet_on else [])]
    text = json.dumps(said, sort_keys=True, default=lambda value: f"{value.normalize():f}", separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()[:16]}"


def _more(fields: Mapping[str, Any], name: str) -> str:
    return f", {fields[name]}" if name in fields else ""


def _slug(label: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", label.lower())) or "record"
