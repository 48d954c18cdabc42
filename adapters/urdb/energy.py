"""Energy of a record: by period, in tiers where it has them, with the fuel adjustment of the month inside the price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.urdb.demand import demand_of_hours
from adapters.urdb.drafting import Draft
from adapters.urdb.fields import NET_BILLING
from adapters.urdb.hours import Cell, Hours, Rows
from adapters.urdb.ladders import Ladder
from adapters.urdb.numbers import MONTHS, is_finer, price
from domain.calendar import MONTH_NAMES
from domain.charges import EnergyByPeriod, ExportCredit, TieredEnergy, TierScope, TierUnit

MOST_PER_KWH = Decimal(4000)
UNITS = {
    "": TierUnit.KWH,
    "kwh": TierUnit.KWH,
    "kwh daily": TierUnit.KWH_PER_DAY,
    "kwh/kw": TierUnit.KWH_PER_KW,
    "kwh/kva": TierUnit.KWH_PER_KW,
}
PER_MWH = 1000


@dataclass(frozen=True, slots=True)
class Steps:
    """Limits that the periods of a month share."""

    limits: tuple[Decimal, ...]
    unit: TierUnit
    of_kva: bool = False


def check_units(ladders: Sequence[Ladder], draft: Draft) -> None:
    for ladder in ladders:
        if ladder.unit not in UNITS:
            draft.faults.add(
                f"{ladder.place}.unit: {ladder.unit!r}: only kWh, kWh daily, kWh/kW and kWh/kVA are expressible"
            )


def steps_of_months(ladders: Sequence[Ladder], rows: tuple[Rows, Rows], draft: Draft) -> tuple[Steps | None, ...]:
    """The limits of each month; None where no period of it has tiers. Two different ones in a month are refused."""
    found: list[Steps | None] = []
    for month in range(MONTHS):
        used = sorted({*rows[0][month], *rows[1][month]})
        tiered = {n: _steps(ladders[n]) for n in used if n < len(ladders) and ladders[n].limits}
        if len(set(tiered.values())) > 1:
            places = " and ".join(f"energyratestructure[{n}]" for n in tiered)
            draft.faults.add(
                f"{places} limit their tiers differently within {MONTH_NAMES[month]}; "
                "the record does not say how their energy shares the limits"
            )
        found.append(next(iter(tiered.values()), None))
    return tuple(found)


def add_energy(draft: Draft, hours: Hours, energy: "Energy") -> None:
    """A charge for each set of limits. Where a price of the record is finer than a millionth, all are per MWh."""
    different = list(dict.fromkeys(energy.steps[cell.group - 1] for cell in hours.cells))
    prices = (own + energy.fuel[cell.group - 1] for cell in hours.cells for own in energy.ladders[cell.energy].prices)
    units = PER_MWH if any(map(is_finer, prices)) else 1
    for steps in different:
        cells = [cell for cell in hours.cells if energy.steps[cell.group - 1] == steps]
        code = "energy" if len(different) == 1 else f"energy_m{min(cell.group for cell in cells):02d}"
        periods = hours.periods(cells)
        kw_of = demand_of_hours(draft, hours, steps.of_kva) if steps and steps.unit is TierUnit.KWH_PER_KW else ""
        charge = _charge(code, periods, steps, kw_of)
        draft.charges.append(_per_mwh(charge) if units > 1 else charge)
        for cell, (_, name) in zip(cells, periods, strict=True):
            _add_rates(draft, f"{code}.{name}", cell, energy, units)
    _tell(draft, hours, energy.ladders, different)


def add_export(draft: Draft, hours: Hours, ladders: Sequence[Ladder]) -> None:
    """A credit for what is delivered to the grid, where the record pays for it: one price a period, in every period."""
    if not any(sell for ladder in ladders for sell in ladder.sells):
        draft.notes.append(f"The record bills by {NET_BILLING} and pays nothing for energy delivered to the grid.")
        return
    for ladder in ladders:
        if None in ladder.sells or len(set(ladder.sells)) > 1:
            draft.faults.add(
                f"{ladder.place}.sell: is missing or differs by tier; energy sold has one price in each period, "
                "written out; --leave-out sell imports the rest"
            )
    credit = ExportCredit("sold", "Energy delivered to the grid", "export", "", hours.periods(hours.cells))
    for cell, key in zip(hours.cells, credit.rate_keys, strict=True):
        [sell] = {*ladders[cell.energy].sells[:1]}
        draft.values[key] = price(sell or Decimal(0), f"{ladders[cell.energy].place}.sell", MOST_PER_KWH, draft.faults)
    draft.charges.append(credit)
    draft.notes.append(
        f"Energy delivered to the grid is credited at each instant (dgrules: {NET_BILLING}): the readings need it. "
        "For a load that delivers none, import the record with --leave-out sell."
    )


@dataclass(frozen=True, slots=True)
class Energy:
    """Ladders by energy period; limits and fuel adjustment (currency per kWh) by month."""

    ladders: Sequence[Ladder]
    steps: Sequence[Steps | None]
    fuel: Sequence[Decimal]


def _charge(
    code: str, periods: tuple[tuple[int, str], ...], steps: Steps | None, kw_of: str
) -> EnergyByPeriod | TieredEnergy:
    named = code, "Energy", "energy", ""
    if steps is None:
        return EnergyByPeriod(*named, periods)
    scope = TierScope.POOLED_PROPORTIONAL
    return TieredEnergy(*named, periods, scope, steps.limits, unit=steps.unit, kw_of=kw_of)


def _per_mwh(charge: EnergyByPeriod | TieredEnergy) -> TieredEnergy:
    if isinstance(charge, TieredEnergy):
        return replace(charge, per_mwh=True)
    named = charge.code, charge.label, charge.group, charge.source
    return TieredEnergy(*named, charge.periods, TierScope.PER_PERIOD, (), per_mwh=True)


def _add_rates(draft: Draft, key: str, cell: Cell, energy: Energy, units: int) -> None:
    """A period with one price has it in every tier of the months whose other periods have tiers."""
    ladder, steps, extra = energy.ladders[cell.energy], energy.steps[cell.group - 1], energy.fuel[cell.group - 1]
    limits = () if steps is None else steps.limits
    keys = [f"{key}.t{n}" for n in range(1, len(limits) + 2)] if limits or units > 1 else [key]
    prices = ladder.prices if len(ladder.prices) == len(keys) else ladder.prices[:1] * len(keys)
    for n, (one, own) in enumerate(zip(keys, prices, strict=True)):
        draft.values[one] = price(own + extra, f"{ladder.place}[{n}]", MOST_PER_KWH, draft.faults, units)


def _tell(draft: Draft, hours: Hours, ladders: Sequence[Ladder], different: Sequence[Steps | None]) -> None:
    if any(different):
        draft.notes.append(
            "URDB does not say how periods share tiers: the month climbs one ladder, and every period has the month's "
            "mix of tiers (pooled_proportional), as NREL PySAM computes it."
        )
    unused = [str(n) for n in range(len(ladders)) if n not in {cell.energy for cell in hours.cells}]
    if unused:
        draft.notes.append(f"No hour of the record is in energy period {', '.join(unused)}; its price is never used.")


def _steps(ladder: Ladder) -> Steps:
    return Steps(ladder.limits, UNITS.get(ladder.unit, TierUnit.KWH), ladder.unit == "kwh/kva")
