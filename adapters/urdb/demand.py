"""Demand of a record: flat by month, by time of use, and what earlier months make of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from adapters.urdb.drafting import MOST_MONEY, Draft
from adapters.urdb.hours import Hours, Rows
from adapters.urdb.ladders import Ladder
from adapters.urdb.numbers import MONTHS, price, twelve
from domain.calendar import MONTH_NAMES, months_in_words
from domain.charges import MaximumDemand, Ratchet

WINDOWS = (5, 15, 30, 60)
USUAL_WINDOW = 15
FINEST_PERCENT = Decimal("1e-9")
YEAR_BEFORE = 11
"""Months before this one that together with it make a year."""
Periods = tuple[tuple[int, str], ...]
APPARENT = {"kw": False, "kva": True}


def flat_of_months(ladders: Sequence[Ladder], draft: Draft) -> tuple[Ladder | None, ...]:
    """The flat demand ladder of each month, equal ones as one; None where nothing is charged."""
    if not any(ladder.is_priced for ladder in ladders):
        return (None,) * MONTHS
    if "flatdemandmonths" not in draft.fields:
        draft.faults.add("flatdemandmonths: is missing, so no month has a price of flatdemandstructure")
    found: list[Ladder] = []
    for month, period in enumerate(_by_month(draft, "flatdemandmonths")):
        if period not in range(len(ladders)):
            draft.faults.add(
                f"flatdemandmonths: {MONTH_NAMES[month]} in period {period}, "
                f"which flatdemandstructure (0 to {len(ladders) - 1}) does not have"
            )
            continue
        found.append(ladders[int(period)])
    return _different(found) if len(found) == MONTHS else (None,) * MONTHS


def flat_by_schedule(ladders: Sequence[Ladder], rows: tuple[Rows, Rows]) -> tuple[Ladder | None, ...] | None:
    """Demand by time of use that has one period for all hours of a month is flat demand; None where it has not."""
    periods = [{*rows[0][month], *rows[1][month]} for month in range(MONTHS)]
    if not ladders or any(len(one) > 1 for one in periods):
        return None
    return _different([ladders[min(one)] for one in periods])


def _different(of_months: Sequence[Ladder]) -> tuple[Ladder | None, ...]:
    """The ladder of each month, equal ones as one; None where nothing is charged."""
    first: dict[object, Ladder] = {}
    return tuple(first.setdefault((one.prices, one.limits), one) if one.is_priced else None for one in of_months)


def add_flat(draft: Draft, hours: Hours, flat: Sequence[Ladder | None], unit: str) -> None:
    """One charge for each different ladder, on all hours, billed in its months. `unit` is the field that tells kVA."""
    different = list(dict.fromkeys(ladder for ladder in flat if ladder is not None))
    apparent = bool(different) and _is_apparent(draft, unit, different)
    for ladder in different:
        months = tuple(n + 1 for n in range(MONTHS) if flat[n] == ladder)
        code = "flat_demand" if len(different) == 1 else f"flat_m{months[0]:02d}"
        label = "Maximum demand" if len(months) == MONTHS else f"Maximum demand, {months_in_words(months)}"
        charge = _maximum(code, label, "flat_demand", hours.periods(hours.cells), apparent)
        _add(draft, replace(charge, in_months=months if len(months) < MONTHS else ()), ladder)


def add_time_of_use(draft: Draft, hours: Hours, ladders: Sequence[Ladder]) -> None:
    """One charge for each demand period that costs something."""
    cells = {n: [cell for cell in hours.cells if cell.demand == n] for n in range(len(ladders))}
    priced = {n: ladder for n, ladder in enumerate(ladders) if ladder.is_priced and cells[n]}
    apparent = bool(priced) and _is_apparent(draft, "demandrateunit", priced.values())
    for n, ladder in priced.items():
        periods = hours.periods(cells[n])
        _add(draft, _maximum(f"demand_d{n}", f"Demand, period {n}", "tou_demand", periods, apparent), ladder)


def add_ratchet(draft: Draft, on_flat_alone: bool) -> None:
    """Put the record's ratchet on its flat demand, whatever its price in a month: a month without one counts, too.

    Refused where there is demand by time of use, unless a user says that flat demand alone looks back: the record does
    not say it.
    """
    if draft.ratchet is None:
        return
    groups = {charge.group for charge in draft.charges if isinstance(charge, MaximumDemand)}
    if "tou_demand" in groups and not (on_flat_alone and "flat_demand" in groups):
        remedy = "; --ratchet-on flat: flat demand alone" if "flat_demand" in groups else ""
        draft.faults.add(
            f"a ratchet of {draft.ratchet.percent} %, with demand by time of use: the record does not say which of its "
            f"demands look back{remedy}"
        )
    draft.charges = [
        replace(charge, ratchet=draft.ratchet)
        if isinstance(charge, MaximumDemand) and charge.group == "flat_demand"
        else charge
        for charge in draft.charges
    ]
    if on_flat_alone:
        draft.notes.append("The ratchet is on flat demand alone, as you said; the record does not say it.")
    draft.notes.append("The ratchet needs the demand of the months before: months that are not given count as none.")
    if draft.ratchet.only_months:
        draft.notes.append(
            "lookbackMonths are taken for the months whose peaks count in later bills, as REopt and NREL PySAM do."
        )


def check_ratchet(draft: Draft) -> None:
    """There is a demand that it changes, if only that of the hours of use."""
    if draft.ratchet is not None and not any(isinstance(charge, MaximumDemand) for charge in draft.charges):
        draft.faults.add(f"a ratchet of {draft.ratchet.percent} % has no demand that it could change")


def read_ratchet(draft: Draft) -> Ratchet | None:
    """From lookbackPercent with lookbackRange or lookbackMonths, or from twelve equal demandratchetpercentage."""
    by_month = _by_month(draft, "demandratchetpercentage")
    percent, window = draft.amount("lookbackpercent"), draft.amount("lookbackrange")
    only = tuple(n + 1 for n, one in enumerate(_by_month(draft, "lookbackmonths")) if one)
    if len(set(by_month)) > 1:
        draft.faults.add(
            "demandratchetpercentage: differs by month; the record does not say whether a month's percentage is for "
            "its own bill, or for its peak in later bills"
        )
    if any(by_month) and percent:
        draft.faults.add("demandratchetpercentage: lookbackPercent is there too; the record must say which holds")
    if any(by_month):
        return Ratchet(_percent(by_month[0], "demandratchetpercentage", draft), YEAR_BEFORE)
    if not percent:
        return None
    if bool(window) == bool(only):
        draft.faults.add("lookbackPercent: needs lookbackRange or lookbackMonths, and not both")
    if window not in range(37):
        draft.faults.add(f"lookbackRange: {window}: a whole number of months, up to 36")
        return None
    return Ratchet(_percent(percent, "lookbackPercent", draft), int(window) or YEAR_BEFORE, only)


def demand_minutes(draft: Draft) -> int:
    """Length of demand blocks."""
    if not any(isinstance(charge, MaximumDemand) for charge in draft.charges):
        return USUAL_WINDOW
    found = draft.amount("demandwindow")
    if not found:
        draft.notes.append(f"The record states no demand window: blocks of {USUAL_WINDOW} minutes are assumed.")
        return USUAL_WINDOW
    if found not in WINDOWS:
        draft.faults.add(f"demandwindow: {found:f}: only 5, 15, 30 and 60 minutes are expressible")
        return USUAL_WINDOW
    return int(found)


def demand_of_hours(draft: Draft, hours: Hours, apparent: bool) -> str:
    """Code of the charge whose kW (kVA) multiply limits in kWh/kW: the flat one, or one that counts and costs nothing.

    With a ratchet it is the billed demand, in both.
    """
    every = hours.periods(hours.cells)
    for charge in draft.charges:
        whole = isinstance(charge, MaximumDemand) and charge.periods == every and not charge.in_months
        if isinstance(charge, MaximumDemand) and whole and charge.apparent is apparent:
            return charge.code
    code = "use_demand_kva" if apparent else "use_demand"
    free = _maximum(code, "Demand of the hours of use", "energy", every, apparent)
    draft.charges.append(replace(free, ratchet=draft.ratchet))
    draft.values[code] = Decimal(0)
    return code


def _maximum(code: str, label: str, group: str, periods: Periods, apparent: bool = False) -> MaximumDemand:
    return MaximumDemand(code, label, group, "", periods, round_up_kw=False, apparent=apparent)


def _add(draft: Draft, plain: MaximumDemand, ladder: Ladder) -> None:
    charge = replace(plain, tiers_kw=ladder.limits)
    draft.charges.append(charge)
    for n, (key, amount) in enumerate(zip(charge.rate_keys, ladder.prices, strict=False)):
        draft.values[key] = price(amount, f"{ladder.place}[{n}]", MOST_MONEY, draft.faults)


def _by_month(draft: Draft, name: str) -> tuple[Decimal, ...]:
    return twelve(draft.fields.get(name, [0] * MONTHS), name, draft.faults)


def _is_apparent(draft: Draft, name: str, ladders: Iterable[Ladder]) -> bool:
    """Whether demand is in kVA. The tiers of a structure may say it, too."""
    units = {f"{ladder.place}.unit": ladder.unit for ladder in ladders if ladder.unit}
    if name in draft.fields:
        units = {name: " ".join(str(draft.fields[name]).split()), **units}
    if not units:
        draft.notes.append(f"The record states no {name}: kW are assumed.")
        return False
    (place, unit), *others = units.items()
    if unit.lower() not in APPARENT:
        draft.faults.add(f"{place}: {unit!r}: only kW and kVA are expressible")
    for other, said in others:
        if said.lower() != unit.lower():
            draft.faults.add(f"{other}: {said!r}: {place} says {unit!r}; one of them is wrong")
    return APPARENT.get(unit.lower(), False)


def _percent(said: Decimal, place: str, draft: Draft) -> Decimal:
    """Both 0.75 and 75 are found in records, and nobody asks for a ratchet of less than 1 %."""
    found = said * 100 if said <= 1 else said
    if not 0 < found <= 100 or found != found.quantize(FINEST_PERCENT):
        draft.faults.add(
            f"{place}: {said}: a percentage lies above 0 and up to 100, as 0.75 or as 75, with at most 9 decimals"
        )
    return Decimal(f"{found.normalize():f}")
