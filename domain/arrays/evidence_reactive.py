"""Find the intervals that made a line of reactive energy or of a poor power factor."""

from fractions import Fraction

import numpy as np

from domain.arrays.gauges import Blocks, blocks_of, read
from domain.arrays.load import Billed, Int, PricedLoad
from domain.arrays.moments import (
    Weigh,
    capacitive_energy,
    in_periods,
    instant,
    kw,
    range_of,
    reactive_energy,
    weighed,
)
from domain.bill import BillLine, ByEnergy
from domain.charges import PowerFactorDemand, PowerFactorEnergy, ReactiveEnergy
from domain.evidence import Evidence, Moment
from domain.gauges import AnyGauge, PowerFactorExcess, ReactiveExcess


def reactive(
    line: BillLine, charge: ReactiveEnergy | PowerFactorEnergy, priced: PricedLoad, billed: Billed
) -> Evidence:
    """Hours that were charged each alone, or all intervals of the periods that were charged together."""
    periods = line.basis.periods if isinstance(line.basis, ByEnergy) else tuple(p for p, _ in charge.periods)
    gauge = charge.gauges(billed.terms)[0]
    blocks = blocks_of(priced.load, billed.month, gauge.minutes).of(periods)
    beyond, step = _beyond_the_share(gauge), priced.load.step_minutes
    if beyond is None:
        capacitive = isinstance(charge, ReactiveEnergy) and charge.capacitive
        weigh, unit = (capacitive_energy, "capacitive kvarh") if capacitive else (reactive_energy, "kvarh")
        return weighed(blocks, f"intervals of {step} min{in_periods(periods, billed)}", step, weigh, unit)
    blocks = blocks.where(beyond(blocks) > 0)
    counted = f"blocks of {gauge.minutes} min{in_periods(periods, billed)} with too much reactive energy"
    return weighed(blocks, counted, gauge.minutes, beyond, line.unit)


def displaced(charge: PowerFactorDemand, priced: PricedLoad, billed: Billed) -> Evidence:
    """The block in which a poor power factor displaced most."""
    gauge = charge.gauge(billed.terms)
    blocks = blocks_of(priced.load, billed.month, gauge.minutes).of(charge.indexes)
    mwh, at = read(gauge, blocks)
    return Evidence(
        f"blocks of {gauge.minutes} min{in_periods(charge.indexes, billed)}",
        len(blocks.wh),
        gauge.minutes,
        *range_of(blocks, gauge.minutes),
        f"the highest kW x {charge.reference_percent} % / power factor",
        (Moment(instant(at), kw(Fraction(mwh, 1000), gauge.minutes), "kW"),),
    )


def _beyond_the_share(gauge: AnyGauge) -> Weigh | None:
    """What each block is charged for, in varh or Wh; None where blocks are added up first."""
    match gauge:
        case ReactiveExcess():
            return lambda of: np.maximum(_varh(gauge, of) * gauge.below - of.wh * gauge.above, 0) // gauge.below
        case PowerFactorExcess():
            return lambda of: np.array(
                [gauge.excess_mwh(wh, q) // 1000 for wh, q in zip(of.wh.tolist(), _counted(gauge, of), strict=True)],
                dtype=np.int64,
            )
    return None


def _varh(gauge: ReactiveExcess, of: Blocks) -> Int:
    return capacitive_energy(of) if gauge.capacitive else of.varh


def _counted(gauge: PowerFactorExcess, of: Blocks) -> list[int]:
    """Of each block the reactive energy that counts at its hour."""
    both = zip(of.start_s.tolist(), of.varh.tolist(), capacitive_energy(of).tolist(), strict=True)
    return [capacitive if gauge.is_capacitive(at) else inductive for at, inductive, capacitive in both]
