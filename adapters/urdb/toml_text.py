"""An imported tariff as a tariff file (`docs/tariff-files.md`): structure and rates in one text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from domain.calendar import Calendar, DayRule, FixedDay, clock
from domain.charges import Charge, EnergyByPeriod, ExportCredit, Fixed, MaximumDemand, MinimumBill, TieredEnergy
from domain.tariff import Rates, Tariff

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Value = str | int | bool | Decimal | date | Sequence[str] | Sequence[int] | Sequence[Decimal]


def to_toml(tariff: Tariff) -> str:
    """The whole tariff; only of the kinds of charge that a record becomes."""
    heading: dict[str, Value] = {
        "schema": "wattledger-tariff/1",
        "id": tariff.id,
        "name": tariff.name,
        "country": tariff.country,
        "currency": tariff.currency,
        "timezone": tariff.timezone,
        "source": tariff.source,
        "demand_minutes": tariff.demand_minutes,
    }
    parts = [
        *_pairs(heading),
        *_notes(tariff.notes),
        *_table("rounding", places=tariff.rounding.places, mode=tariff.rounding.mode.value),
        *_calendar(tariff.calendar),
        *(line for charge in tariff.charges for line in _charge(charge)),
        *(line for rates in tariff.rate_table.rates for line in _rates(rates)),
    ]
    return "\n".join(parts) + "\n"


def _notes(notes: Sequence[str]) -> list[str]:
    return ["notes = [", *(f"    {_text(note)}," for note in notes), "]"]


def _calendar(calendar: Calendar) -> Iterator[str]:
    days = ", ".join(f"{day} = {_text(kind)}" for day, kind in zip(WEEKDAYS, calendar.day_types, strict=True))
    yield from _table("calendar", periods=calendar.periods)
    yield f"day_types = {{ {days} }}"
    for season in calendar.seasons:
        yield from ("", "[[calendar.season]]", f"name = {_text(season.name)}", f"starts = {_day(season.starts)}")
    for name in dict.fromkeys(season.name for season in calendar.seasons):
        yield from ("", f"[calendar.schedule.{name}]")
        for (season_name, day_type), windows in calendar.schedules.items():
            if season_name == name:
                spans = [f"{clock(w.from_minute)}-{clock(w.to_minute)} {w.period}" for w in windows]
                yield from _pairs({day_type: spans})


def _day(rule: DayRule) -> str:
    if not isinstance(rule, FixedDay):
        raise AssertionError(f"no record becomes a {type(rule).__name__}")
    return f"{{ month = {rule.month}, day = {rule.day} }}"


def _charge(charge: Charge) -> Iterator[str]:
    yield from ("", "[[charge]]")
    named: dict[str, Value] = {"code": charge.code, "label": charge.label, "group": charge.group}
    yield from _pairs({"kind": _kind(charge), **named, **_own(charge)})
    if isinstance(charge, MaximumDemand) and charge.ratchet is not None:
        ratchet = charge.ratchet
        months = f", only_months = {_value(ratchet.only_months)}" if ratchet.only_months else ""
        yield f"ratchet = {{ percent = {_value(ratchet.percent)}, months = {ratchet.months}{months} }}"


def _kind(charge: Charge) -> str:
    match charge:
        case Fixed():
            return "fixed"
        case MaximumDemand():
            return "maximum_demand"
        case EnergyByPeriod():
            return "energy_by_period"
        case TieredEnergy():
            return "tiered_energy"
        case MinimumBill():
            return "minimum_bill"
        case ExportCredit():
            return "export_credit"
    raise AssertionError(f"no record becomes a {type(charge).__name__}")


def _own(charge: Charge) -> dict[str, Value]:
    match charge:
        case Fixed():
            return {"per": charge.per}
        case MinimumBill():
            return {"base": charge.base, **({"per": charge.per} if charge.per != "month" else {})}
        case MaximumDemand():
            options: dict[str, Value] = {"apparent": True} if charge.apparent else {}
            tiers: dict[str, Value] = {"tiers_kw": charge.tiers_kw} if charge.tiers_kw else {}
            months: dict[str, Value] = {"in_months": charge.in_months} if charge.in_months else {}
            return {"periods": _names(charge.periods), "round_up_kw": charge.round_up_kw, **options, **tiers, **months}
        case EnergyByPeriod() | ExportCredit():
            return {"periods": _names(charge.periods)}
        case TieredEnergy():
            kw: dict[str, Value] = {"kw_of": charge.kw_of} if charge.kw_of else {}
            own: dict[str, Value] = {"scope": charge.scope.value, "limits": charge.limits, "unit": charge.unit.value}
            fine: dict[str, Value] = {"per_mwh": True} if charge.per_mwh else {}
            return {"periods": _names(charge.periods), **own, **kw, **fine}
    return {}


def _rates(rates: Rates) -> Iterator[str]:
    yield from ("", "[[rates]]")
    dates: dict[str, Value] = {"valid_from": rates.valid_from}
    if rates.valid_to is not None:
        dates["valid_to"] = rates.valid_to
    yield from _pairs({**dates, "source": rates.source})
    yield from ("", "[rates.values]", *(f"{_text(key)} = {_value(value)}" for key, value in rates.values.items()))


def _table(name: str, **values: Value) -> list[str]:
    return ["", f"[{name}]", *_pairs(values)]


def _pairs(values: Mapping[str, Value]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{key} = {_value(value)}"


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case Decimal():
            return f'"{value:f}"'
        case str():
            return _text(value)
    return f"[{', '.join(_value(one) for one in value)}]"


def _text(text: str) -> str:
    """A basic string of TOML: JSON escapes the same characters, but for the one TOML adds."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _names(periods: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in periods)
