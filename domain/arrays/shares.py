"""Share a rounded bill line among the intervals that caused it, exactly: the allocated view of cost.

Each line is cut into micro-currency by largest remainder: every interval gets floor(weight x amount / sum of weights),
and the units still missing go to the largest remainders, the earlier interval first on ties. So the shares of a line
always add up to the line. The weights follow its basis:

    energy          the interval's energy in the line's periods
    maximum demand  the airport rule (Littlechild & Owen 1973), the Shapley value of a maximum, among demand blocks;
                    inside a block by energy
    even            one for each interval with energy
    percentage      what the base lines gave the interval
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from domain.arrays.determinants import MonthOfLoad
from domain.arrays.load import Int, Periods
from domain.bill import BillLine, ByEnergy, ByLines, ByPeak, Evenly
from domain.money import MICRO

ESTIMATED_BELOW = 2**50
AIRPORT_SCALE = 2**20
"""Parts of a watt-hour in which airport weights are counted, so that they are integers."""


def share_line(line: BillLine, month: MonthOfLoad, by_line: Mapping[str, Int]) -> Int:
    """Micro-currency of a line for each interval of the month; adds up to the line's amount exactly."""
    weights = _weights(line, month, by_line)
    if not weights.any():
        weights = _evenly(month)
    return largest_remainder(int(line.amount * MICRO), weights)


def largest_remainder(amount: int, weights: Int) -> Int:
    """`amount` as integers in proportion to `weights` (>= 0, not all 0) whose sum is exactly `amount`."""
    whole, size = int(weights.sum()), abs(amount)
    if size >= 1 << 63:
        raise OverflowError(f"a bill line of {size} micro-units is beyond what 64-bit arrays can share")
    shares, remainders = _multiply_divide(weights, size, whole)
    missing = size - int(shares.sum())
    if missing:
        shares[_largest(remainders, missing)] += 1
    return shares if amount >= 0 else -shares


def _largest(remainders: Int, count: int) -> NDArray[np.intp]:
    """Where the `count` largest stand, the earlier one first on ties; without putting all in order."""
    least = np.partition(remainders, len(remainders) - count)[len(remainders) - count]
    above = np.flatnonzero(remainders > least)
    return np.concatenate((above, np.flatnonzero(remainders == least)[: count - len(above)]))


def airport(block_wh: Int) -> Int:
    """Airport shares of the highest block, in 1/`AIRPORT_SCALE` Wh: a step of height is shared by all who reach it."""
    order = np.argsort(block_wh, kind="stable")
    steps = np.diff(block_wh[order], prepend=0) * AIRPORT_SCALE
    shares = np.empty_like(block_wh)
    shares[order] = np.cumsum(steps // np.arange(len(order), 0, -1))
    return shares


def _weights(line: BillLine, month: MonthOfLoad, by_line: Mapping[str, Int]) -> Int:
    match line.basis:
        case ByEnergy(periods):
            return month.energy_wh * _are_among(periods, month.period)
        case ByPeak(periods):
            return _peak_weights(periods, month)
        case ByLines(codes):
            return np.abs(sum((by_line[code] for code in codes), np.zeros_like(month.energy_wh)))
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
    of_block, energy = airport(heights)[month.block_of], month.block_wh[month.block_of]
    per_wh, rest = np.divmod(of_block, np.maximum(energy, 1))
    return per_wh * month.energy_wh + rest * month.energy_wh // np.maximum(energy, 1)


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
    remainders = weights * np.int64(amount) - quotients * np.int64(whole)  # the wrapped parts cancel
    short, over = remainders < 0, remainders >= whole
    quotients += over
    quotients -= short
    remainders += short * np.int64(whole)
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
