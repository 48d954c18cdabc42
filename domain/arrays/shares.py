"""Share a rounded bill line among the intervals that caused it, exactly: the allocated view of cost.

Each line is cut into micro-currency by largest remainder: every interval gets floor(weight x amount / sum of weights),
and the units still missing go to the largest remainders, the earlier interval first on ties. So the shares of a line
always add up to the line. The weights follow its basis:

    energy          the interval's energy in the line's periods
    maximum demand  the airport rule (Littlechild & Owen 1973), the Shapley value of a maximum, among demand blocks;
                    inside a block by energy
    excess          what the block has above the limit, or its square: the gradient of a root of squares; inside a
                    block by energy
    tier            the interval's own part of the tier, where a ladder is climbed in the order of time
    even            one for each interval with energy
    percentage      what the base lines gave the interval
    export          the energy that the interval delivered to the grid, in the line's periods
"""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from domain.arrays.determinants import MonthOfLoad
from domain.arrays.gauges import LARGEST_SAFE, block_numbers
from domain.arrays.load import Int, Periods
from domain.bill import Basis, Bill, BillLine, ByEnergy, ByExcess, ByExport, ByLines, ByPeak, ByTier, Evenly
from domain.budget import LARGEST_BILL_MICRO
from domain.errors import TooLarge
from domain.money import MICRO

ESTIMATED_BELOW = 2**50
AIRPORT_SCALE = 2**20
"""Parts of a watt-hour in which airport weights are counted, so that they are integers."""
LARGEST_AMOUNT = Decimal(LARGEST_BILL_MICRO) / MICRO


def check_budget(bill: Bill) -> None:
    """Raises `TooLarge` for a bill that cannot be shared exactly, before anything of it is shared."""
    below_zero = sum([amount for amount in bill.amounts if amount.is_signed()], Decimal(0))
    size = bill.total - 2 * below_zero
    if size > LARGEST_AMOUNT:
        largest = max(bill.lines, key=lambda line: abs(line.amount))
        raise TooLarge(
            f"tariff {bill.tariff}, {bill.first:%Y-%m}: the lines come to {size:,f} {bill.currency}, and "
            f"{LARGEST_AMOUNT:,.0f} can be shared among intervals; the largest is {largest.label!r}: "
            f"{largest.formula}; check its rate and the unit of the readings"
        )


def share_line(line: BillLine, month: MonthOfLoad, by_line: Mapping[str, Int], known: dict[Basis, Int]) -> Int:
    """Micro-currency of a line for each interval of the month; adds up to the line's amount exactly.

    `known` keeps the weights of the month's bases: many lines share one.
    """
    weights = known.get(line.basis)
    if weights is None:
        weights = _weights(line, month, by_line)
        if not weights.any():
            weights = _evenly(month)
        if not isinstance(line.basis, ByLines):  # what other lines gave is asked for once
            known[line.basis] = weights
    return largest_remainder(int(line.amount * MICRO), weights)


def largest_remainder(amount: int, weights: Int) -> Int:
    """`amount` as integers in proportion to `weights` (>= 0, not all 0) whose sum is exactly `amount`."""
    whole, size = _exact_sum(weights), abs(amount)
    if size >= 1 << 63:
        raise OverflowError(f"a bill line of {size} micro-units is beyond what 64-bit arrays can share")
    if int(weights.min()) == 0:  # nothing weighs nothing: it is left out, and of the many zeros none need be ranked
        inside = np.flatnonzero(weights)
        shares = np.zeros_like(weights)
        shares[inside] = _shared(size, weights[inside], whole)
    else:
        shares = _shared(size, weights, whole)
    return shares if amount >= 0 else np.negative(shares, out=shares)


def _shared(size: int, weights: Int, whole: int) -> Int:
    shares, remainders = _multiply_divide(weights, size, whole)
    missing = size - int(shares.sum())
    if missing:
        _give_to_largest(shares, remainders, missing)
    return shares


def _give_to_largest(shares: Int, remainders: Int, missing: int) -> None:
    """One more to the `missing` largest remainders, the earlier one first on ties; without putting all in order."""
    least = np.partition(remainders, len(remainders) - missing)[len(remainders) - missing]
    above = remainders > least
    shares += above
    tied = np.flatnonzero(remainders == least)
    shares[tied[: missing - int(np.count_nonzero(above))]] += 1


def airport(block_wh: Int) -> Int:
    """Airport shares of the highest block, in 1/`AIRPORT_SCALE` Wh: a step of height is shared by all who reach it."""
    order = np.argsort(block_wh, kind="stable")
    steps = np.diff(block_wh[order], prepend=0) * AIRPORT_SCALE
    shares = np.empty_like(block_wh)
    shares[order] = np.cumsum(steps // np.arange(len(order), 0, -1))
    return shares


def _weights(line: BillLine, month: MonthOfLoad, by_line: Mapping[str, Int]) -> Int:  # noqa: PLR0911  # one answer for each basis
    match line.basis:
        case ByEnergy(periods):
            return month.energy_wh * _are_among(periods, month.period)
        case ByExport(periods):
            exported = month.load.export_wh
            return (
                np.zeros_like(month.energy_wh)
                if exported is None
                else (exported[month.span] * _are_among(periods, month.period))
            )
        case ByPeak(periods):
            return _peak_weights(periods, month)
        case ByExcess():
            return _excess_weights(line.basis, month)
        case ByTier():
            return _tier_weights(line.basis, month)
        case ByLines(codes):
            total = np.zeros_like(month.energy_wh)
            for code in codes:
                total += by_line[code]
            return np.abs(total, out=total)
        case Evenly():
            return _evenly(month)


def _evenly(month: MonthOfLoad) -> Int:
    known = month.known.astype(np.int64)
    return known if known.any() else np.ones_like(month.energy_wh)


def _are_among(periods: tuple[int, ...], of: Periods) -> NDArray[np.bool_]:
    """Which intervals or blocks are in one of some periods."""
    table = np.zeros(128, dtype=np.bool_)
    table[list(periods)] = True
    return table[of]


def _peak_weights(periods: tuple[int, ...], month: MonthOfLoad) -> Int:
    """Airport share of each interval's block, cut by the interval's part of the block's energy."""
    heights = month.block_wh * _are_among(periods, month.block_period)
    return _inside(airport(heights)[month.block_of], month.energy_wh, month.block_wh[month.block_of])


def _excess_weights(basis: ByExcess, month: MonthOfLoad) -> Int:
    """Each block's excess in W, or its square, cut by the interval's part of the block's energy."""
    number, cuts = block_numbers(month.load, month, basis.minutes)
    block_of = np.cumsum(np.diff(number, prepend=number[0]) != 0)
    block_wh = np.add.reduceat(month.energy_wh, cuts)
    above = np.maximum(block_wh * (60 // basis.minutes) - basis.limit_w, 0)
    weights = _scaled(above * _are_among(basis.periods, month.period[cuts]), squared=basis.squared)
    return _inside(weights[block_of], month.energy_wh, block_wh[block_of])


def _tier_weights(basis: ByTier, month: MonthOfLoad) -> Int:
    after = np.cumsum(month.energy_wh * _are_among(basis.counted, month.period))
    before = np.concatenate([[0], after[:-1]])
    limits = (0, *basis.limits_wh, LARGEST_SAFE)
    lower, upper = limits[basis.tier], limits[basis.tier + 1]
    return np.where(month.period == basis.period, np.clip(after, lower, upper) - np.clip(before, lower, upper), 0)


def _scaled(above: Int, *, squared: bool) -> Int:
    """In proportion, as large as 64 bits allow: a squared excess of gigawatts loses its last bits, and no more."""
    spare = 60 - len(above).bit_length()
    if squared:
        above = above >> max(0, int(above.max()).bit_length() - spare // 2)
        above = above * above
    return above << max(0, spare - int(above.max()).bit_length())


def _inside(weights: Int, energy_wh: Int, whole_wh: Int) -> Int:
    """Block weights x the interval's energy / the block's, cut to integers."""
    whole = np.maximum(whole_wh, 1)
    if int(whole.max()) * int(energy_wh.max()) < LARGEST_SAFE:
        per_wh, rest = np.divmod(weights, whole)
        return per_wh * energy_wh + rest * energy_wh // whole
    rows = zip(weights.tolist(), energy_wh.tolist(), whole.tolist(), strict=True)
    return np.array([weight * wh // of for weight, wh, of in rows], dtype=np.int64)


def _exact_sum(weights: Int) -> int:
    """A sum that may leave 64 bits."""
    if int(weights.max()) * len(weights) < LARGEST_SAFE:
        return int(weights.sum())
    return sum(weights.tolist())


def _multiply_divide(weights: Int, amount: int, whole: int) -> tuple[Int, Int]:
    """floor(weights x amount / whole) and the remainders, exactly, though the product may exceed 64 bits."""
    if amount < ESTIMATED_BELOW and whole < ESTIMATED_BELOW:
        return _estimate_and_mend(weights, amount, whole)
    return _divide_at_length(weights, amount, whole)


def _estimate_and_mend(weights: Int, amount: int, whole: int) -> tuple[Int, Int]:
    """A quotient estimated in floating point is wrong by one at most; its remainder, exact modulo 2^64, says which way.

    Both numbers below 2^50: the estimate's relative error is under 2^-51, so it misses a quotient by less than one, and
    a remainder lies within two `whole`s of zero, far inside 64 bits though the products are not.
    """
    quotients = (weights * (amount / whole)).astype(np.int64)
    remainders = weights * np.int64(amount)
    remainders -= quotients * np.int64(whole)  # the wrapped parts cancel
    if int(remainders.min()) < 0:
        short = remainders < 0
        quotients -= short
        remainders += short * np.int64(whole)
    if int(remainders.max()) >= whole:
        over = remainders >= whole
        quotients += over
        remainders -= over * np.int64(whole)
    return quotients, remainders


def _divide_at_length(weights: Int, amount: int, whole: int) -> tuple[Int, Int]:
    """Long division, one digit of `amount` at a time, with digits as large as 64 bits allow."""
    bits = 62 - whole.bit_length()
    if bits < 1:
        raise OverflowError(f"the weights of a bill line add up to {whole}, beyond what 64-bit arrays can share")
    quotients, remainders = np.zeros_like(weights), np.zeros_like(weights)
    for shift in range(-(-amount.bit_length() // bits) * bits - bits, -1, -bits):
        digit = (amount >> shift) & ((1 << bits) - 1)
        carried, remainders = np.divmod((remainders << bits) + weights * digit, whole)
        quotients = (quotients << bits) + carried
    return quotients, remainders
