"""Share a rounded bill line among the intervals that caused it, exactly: the allocated view of cost.

Each line is cut into micro-currency by largest remainder: every interval gets floor(weight x amount / sum of weights),
and the units still missing go to the largest remainders, the earlier interval first on ties. So the shares of a line
always add up to the line. The weights follow its basis:

    energy          the interval's energy in the line's periods
    maximum demand  the airport rule (Littlechild & Owen 1973), the Shapley value of a maximum, among demand blocks;
                    inside a block by energy
    even            one for each interval with energy
    percentage      what the base lines gave the interval
    export          the energy that the interval delivered to the grid, in the line's periods
"""

from collections.abc import Mapping

import numpy as np

from domain.arrays.determinants import MonthOfLoad
from domain.arrays.load import Int
from domain.bill import BillLine, ByEnergy, ByExport, ByLines, ByPeak, Evenly
from domain.money import MICRO

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
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return shares if amount >= 0 else -shares


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
            return np.where(np.isin(month.period, periods), month.energy_wh, 0)
        case ByExport(periods):
            exported = month.load.export_wh
            return np.where(np.isin(month.period, periods), 0 if exported is None else exported[month.span], 0)
        case ByPeak(periods):
            return _peak_weights(periods, month)
        case ByLines(codes):
            return np.abs(sum((by_line[code] for code in codes), np.zeros_like(month.energy_wh)))
        case Evenly():
            return _evenly(month)


def _evenly(month: MonthOfLoad) -> Int:
    known = month.known.astype(np.int64)
    return known if known.any() else np.ones_like(month.energy_wh)


def _peak_weights(periods: tuple[int, ...], month: MonthOfLoad) -> Int:
    """Airport share of each interval's block, cut by the interval's part of the block's energy."""
    heights = np.where(np.isin(month.block_period, periods), month.block_wh, 0)
    of_block, energy = airport(heights)[month.block_of], month.block_wh[month.block_of]
    per_wh, rest = np.divmod(of_block, np.maximum(energy, 1))
    return per_wh * month.energy_wh + rest * month.energy_wh // np.maximum(energy, 1)


def _multiply_divide(weights: Int, amount: int, whole: int) -> tuple[Int, Int]:
    """floor(weights x amount / whole) and the remainders, exactly, though the product may exceed 64 bits.

    Long division, one digit of `amount` at a time, with digits as large as 64 bits allow.
    """
    bits = 62 - whole.bit_length()
    if bits < 1:
        raise OverflowError(f"the weights of a bill line add up to {whole}, beyond what 64-bit arrays can share")
    quotients, remainders = np.zeros_like(weights), np.zeros_like(weights)
    for shift in range(-(-amount.bit_length() // bits) * bits - bits, -1, -bits):
        digit = (amount >> shift) & ((1 << bits) - 1)
        carried, remainders = np.divmod((remainders << bits) + weights * digit, whole)
        quotients = (quotients << bits) + carried
    return quotients, remainders
