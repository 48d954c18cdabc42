"""Demand of a record: flat by month, by time of use, and what earlier months make of it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from adapters.urdb.drafting import MOST_MONEY, Draft
from adapters.urdb.hours import Hours
from adapters.urdb.ladders import Ladder
from adapters.urdb.numbers import MONTH_NAMES, MONTHS, price, twelve
from domain.charges import MaximumDemand, Ratchet

WINDOWS = (5, 15, 30, 60)
USUAL_WINDOW = 15
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
    first: dict[object, Ladder] = {}
    found: list[Ladder | None] = []
    for month, period in enumerate(_by_month(draft, "flatdemandmonths")):
        if period not in range(len(ladders)):
            draft.faults.add(
                f"flatdemandmonths: {MONTH_NAMES[month]} in period {period}, "
                f"which flatdemandstructure (0 to {len(ladders) - 1}) does not have"
            )
            continue
        ladder = ladders[int(period)]
        found.append(first.setdefault((ladder.prices, ladder.limits), ladder) if ladder.is_priced else None)
    return tuple(found) if len(found) == MONTHS else (None,) * MONTHS


def add_flat(draft: Draft, hours: Hours, flat: Sequence[Ladder | None]) -> None:
    """One charge for each different ladder, on the hours of its months."""
    different = list(dict.fromkeys(ladder for ladder in flat if ladder is not None))
    for ladder in different:
        months = [n + 1 for n in range(MONTHS) if flat[n] == ladder]
        cells = [cell for cell in hours.cells if flat[cell.group - 1] == ladder]
        code = "flat_demand" if len(different) == 1 else f"flat_m{months[0]:02d}"
        label = "Maximum demand" if len(months) == MONTHS else f"Maximum demand, {_names(months)}"
        apparent = _is_apparent(draft, "flatdemandunit")
        _add(draft, _maximum(code, label, "flat_demand", hours.periods(cells), apparent), ladder)


def add_time_of_use(draft: Draft, hours: Hours, ladders: Sequence[Ladder]) -> None:
    """One charge for each demand period that costs something."""
    for n, ladder in enumerate(ladders):
        cells = [cell for cell in hours.cells if cell.demand == n]
        if ladder.is_priced and cells:
            apparent, periods = _is_apparent(draft, "demandrateunit"), hours.periods(cells)
            _add(draft, _maximum(f"demand_d{n}", f"Demand, period {n}", "tou_demand", periods, apparent), ladder)


def add_ratchet(draft: Draft, hours: Hours) -> None:
    """Put the record's ratchet on its demand charge. Refused where it does not say on which, or in which months."""
    ratchet = read_ratchet(draft)
    if ratchet is None:
        return
    demands = [charge for charge in draft.charges if isinstance(charge, MaximumDemand)]
    whole = [one for one in demands if one.group == "flat_demand" and one.periods == hours.periods(hours.cells)]
    if len(demands) != 1 or not whole:
        draft.faults.add(
            f"a ratchet of {ratchet.percent} % needs exactly one flat demand charge, equal in all months; here are "
            f"{len(demands)} demand charges, and the record does not say which of them look back"
        )
        return
    draft.charges[draft.charges.index(whole[0])] = replace(whole[0], ratchet=ratchet)
    draft.notes.append("The ratchet needs the demand of the months before: months that are not given count as none.")


def read_ratchet(draft: Draft) -> Ratchet | None:
    """From lookbackPercent with lookbackRange or lookbackMonths, or from twelve equal demandratchetpercentage."""
    by_month = _by_month(draft, "demandratchetpercentage")
    percent, window = draft.amount("lookbackpercent"), draft.amount("lookbackrange")
    only = tuple(n + 1 for n, one in enumerate(_by_month(draft, "lookbackmonths")) if one)
    if len(set(by_month)) > 1:
        draft.faults.add("demandratchetpercentage: differs by month; a ratchet here holds in all months alike")
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
    if "demandwindow" not in draft.fields:
        draft.notes.append(f"The record states no demand window: blocks of {USUAL_WINDOW} minutes are assumed.")
        return USUAL_WINDOW
    found = draft.amount("demandwindow")
    if found not in WINDOWS:
        draft.faults.add(f"demandwindow: {found:f}: only 5, 15, 30 and 60 minutes are expressible")
        return USUAL_WINDOW
    return int(found)


def demand_of_hours(draft: Draft, hours: Hours) -> str:
    """Code of the charge whose kW multiply limits in kWh/kW: the flat one, or one that counts and costs nothing."""
    every = hours.periods(hours.cells)
    for charge in draft.charges:
        if isinstance(charge, MaximumDemand) and charge.periods == every and not charge.apparent:
            return charge.code
    draft.charges.append(_maximum("use_demand", "Demand of the hours of use", "energy", every))
    draft.values["use_demand"] = Decimal(0)
    return "use_demand"


def _maximum(code: str, label: str, group: str, periods: Periods, apparent: bool = False) -> MaximumDemand:
    return MaximumDemand(code, label, group, "", periods, round_up_kw=False, apparent=apparent)


def _add(draft: Draft, plain: MaximumDemand, ladder: Ladder) -> None:
    charge = replace(plain, tiers_kw=ladder.limits)
    draft.charges.append(charge)
    for n, (key, amount) in enumerate(zip(charge.rate_keys, ladder.prices, strict=False)):
        draft.values[key] = price(amount, f"{ladder.place}[{n}]", MOST_MONEY, draft.faults)


def _by_month(draft: Draft, name: str) -> tuple[Decimal, ...]:
    return twelve(draft.fields.get(name, [0] * MONTHS), name, draft.faults)


def _is_apparent(draft: Draft, name: str) -> bool:
    said = str(draft.fields.get(name, "kW")).strip()
    if name not in draft.fields:
        note = f"The record states no {name}: kW are assumed."
        draft.notes += [note] * (note not in draft.notes)
    if said.lower() not in APPARENT:
        draft.faults.add(f"{name}: {said!r}: only kW and kVA are expressible")
    return APPARENT.get(said.lower(), False)


def _percent(said: Decimal, place: str, draft: Draft) -> Decimal:
    """Both 0.75 and 75 are found in records, and nobody asks for a ratchet of less than 1 %."""
    found = said * 100 if said <= 1 else said
    if not 0 < found <= 100:
        draft.faults.add(f"{place}: {said}: a percentage lies above 0 and up to 100, as 0.75 or as 75")
    return Decimal(f"{found.normalize():f}")


def _names(months: Sequence[int]) -> str:
    return " ".join(MONTH_NAMES[month - 1] for month in months)
