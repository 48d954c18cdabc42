"""A column of integers in few bytes: how most of a ledger is stored.

A column begins with a byte: its kind in the low half and, in the high half, how many bytes its number has (`SAME`,
`COUNTING`, `TIMES`) or each of its values (`PLANES`, `ABOVE`). Numbers are little-endian and signed.

    EMPTY      no rows at all
    SAME       one number, in every row
    COUNTING   a number, and one more in each following row
    TIMES      a number: the value of the same row in another column, times it
    PLANES     values from 0 on: the lowest bytes of all rows, then the next higher ones, and so on
    ABOVE      as PLANES, of what each value is above the least; that one comes first, behind a byte with its length
    TEXT       JSON behind its length (4 bytes): what no other kind can hold, such as a row without a number
"""

import json
import sys
from array import array
from collections.abc import Sequence
from typing import Any

EMPTY, SAME, COUNTING, TIMES, PLANES, ABOVE, TEXT = range(7)
MOST_BYTES = 15
EMPTY_COLUMN = bytes((EMPTY,))
Column = Sequence[Any]
"""Integers; None in a row that has none."""


def pack(values: Column, times: Sequence[int] = ()) -> bytes:
    """A column; `times` is another one of as many rows, of which it may be a multiple."""
    if not values:
        return EMPTY_COLUMN
    first = values[0]
    try:
        if values.count(first) == len(values):
            return _number(SAME, first)
        if times and times[0] and not first % times[0]:
            each = first // times[0]
            if values[-1] == each * times[-1] and tuple(map(each.__mul__, times)) == values:
                return _number(TIMES, each)
        elif values[-1] - first == len(values) - 1 and values == tuple(range(first, values[-1] + 1)):
            return _number(COUNTING, first)
        return _planes(values)
    except (TypeError, AttributeError, OverflowError):  # no number, or one beyond 64 bits
        text = json.dumps(values, separators=(",", ":")).encode()
        return bytes((TEXT,)) + len(text).to_bytes(4, "little") + text


class UnknownEvent(Exception):
    """A stored event that this version cannot read without losing something: a newer version wrote it."""


class Packed:
    """Columns of `rows` each, read one after the other from `at` on. Raises `UnknownEvent`."""

    def __init__(self, data: bytes, at: int, rows: int) -> None:
        self.data = data
        self.at = at
        self.rows = rows

    def column(self, times: Sequence[int] = ()) -> Column:
        kind, width = self.data[self.at] & 15, self.data[self.at] >> 4
        self.at += 1
        if kind == EMPTY:
            return ()
        if kind == PLANES:
            return self._planes(width)
        if kind == ABOVE:
            least = self._number(self._number(1))
            return tuple(map(least.__add__, self._planes(width)))
        if kind == TEXT:
            return self._text()
        return self._told_by(kind, self._number(width), times)

    def _told_by(self, kind: int, number: int, times: Sequence[int]) -> Column:
        if kind == SAME:
            return (number,) * self.rows
        if kind == TIMES:
            return tuple(map(number.__mul__, times))
        if kind == COUNTING:
            return range(number, number + self.rows)
        raise UnknownEvent(f"an upload has a column of kind {kind}, unknown here: upgrade this wattledger")

    def _planes(self, width: int) -> Sequence[int]:
        whole, rows = bytearray(8 * self.rows), self.rows
        for place in range(width):
            whole[place::8] = self.data[self.at : self.at + rows]
            self.at += rows
        found = array("Q", bytes(whole))
        if sys.byteorder == "big":
            found.byteswap()
        return found

    def _number(self, length: int) -> int:
        self.at += length
        return int.from_bytes(self.data[self.at - length : self.at], "little", signed=True)

    def _text(self) -> Column:
        length = int.from_bytes(self.data[self.at : self.at + 4], "little")
        self.at += 4 + length
        found: list[int | None] = json.loads(self.data[self.at - length : self.at])
        return tuple(found)


def _number(kind: int, number: int) -> bytes:
    length = number.bit_length() // 8 + 1
    if length > MOST_BYTES:
        raise OverflowError
    return bytes((kind | length << 4,)) + number.to_bytes(length, "little", signed=True)


def _planes(values: Sequence[int]) -> bytes:
    least = min(values)
    head, kind = b"", PLANES
    if least < 0:
        head, kind, values = _number(SAME, least)[1:], ABOVE, [value - least for value in values]
        head = bytes((len(head),)) + head
    width = (max(values).bit_length() + 7) // 8
    rows = array("Q", values)
    if sys.byteorder == "big":
        rows.byteswap()
    whole = rows.tobytes()
    return b"".join((bytes((kind | width << 4,)), head, *[whole[place::8] for place in range(width)]))
