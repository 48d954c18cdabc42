"""Rows out of a broken SQLite file, page by page, without SQLite: each leaf of a table lists its own rows.

Source: the file format as sqlite.org describes it (fileformat2, sections 1.3, 1.6, 2.1 and 4.1). Nothing in the file is
believed: neither the header nor the interior pages are needed, and a row counts only when its digest says so.
"""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from adapters.sqlite_outbox.connecting import PAGE_BYTES
from adapters.sqlite_outbox.rows import Row

HEADER_BYTES = 100
TABLE_LEAF = 0x0D
WAL_HEADER, FRAME_HEADER = 32, 24
FILE_BEGINS, WAL_BEGINS = b"SQLite format 3\0", b"\x37\x7f\x06"
PAGE_SIZES = {512 << i for i in range(8)}
LARGEST_PAYLOAD = 16 << 20
INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def rows_in(database: Path, wal: Path) -> Iterator[Row]:
    """Every whole row in a file and in its WAL, from whichever generation of a page; one may come several times."""
    with _Pages(database, wal) as pages:
        for page in pages.all():
            for seq, payload in _cells(page, pages):
                one = _row(seq, payload)
                if one is not None and one.whole:
                    yield one


def name_in(database: Path, wal: Path) -> str | None:
    """The store's name: the one row of one text in the table of its own."""
    with _Pages(database, wal) as pages:
        for page in pages.all():
            for seq, payload in _cells(page, pages):
                values = _values(payload)
                if seq == 1 and values is not None and len(values) == 1 and isinstance(values[0], str):
                    return values[0]
    return None


class _Pages:
    """Pages by number: the newest in the WAL first, then the file's own."""

    def __init__(self, database: Path, wal: Path) -> None:
        self._file: BinaryIO = database.open("rb") if database.exists() else BytesIO()
        content = wal.read_bytes() if wal.exists() else b""
        self.bytes = _page_bytes(self._file.read(HEADER_BYTES), content)
        self._wal: list[tuple[int, bytes]] = list(_frames(content, self.bytes))
        self._latest = dict(self._wal)

    def __enter__(self) -> "_Pages":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def all(self) -> Iterator[bytes]:
        for _, page in reversed(self._wal):
            yield page
        number = 1
        while len(page := self._own(number)) == self.bytes:
            yield page
            number += 1

    def overflow(self, number: int) -> Iterator[bytes]:
        """A page by its number, in each generation that is left."""
        if number in self._latest:
            yield self._latest[number]
        yield self._own(number)

    def _own(self, number: int) -> bytes:
        self._file.seek((number - 1) * self.bytes)
        return self._file.read(self.bytes)


def _page_bytes(header: bytes, wal: bytes) -> int:
    """The size of a page as either file says it; ours where both are broken."""
    told = 0
    if header.startswith(FILE_BEGINS) and len(header) == HEADER_BYTES:
        (told,) = struct.unpack_from(">H", header, 16)
    elif wal.startswith(WAL_BEGINS) and len(wal) >= WAL_HEADER:
        (told,) = struct.unpack_from(">I", wal, 8)
    return told if told in PAGE_SIZES else PAGE_BYTES


def _frames(wal: bytes, page_bytes: int) -> Iterator[tuple[int, bytes]]:
    for at in range(WAL_HEADER, len(wal) - FRAME_HEADER - page_bytes + 1, FRAME_HEADER + page_bytes):
        (number,) = struct.unpack_from(">I", wal, at)
        yield number, wal[at + FRAME_HEADER : at + FRAME_HEADER + page_bytes]


def _cells(page: bytes, pages: _Pages) -> Iterator[tuple[int, bytes]]:
    """(rowid, payload) of each cell; what points out of the page is passed over."""
    start = HEADER_BYTES if page[:6] == b"SQLite" else 0
    if len(page) < pages.bytes or page[start] != TABLE_LEAF:
        return
    (count,) = struct.unpack_from(">H", page, start + 3)
    for i in range(min(count, (pages.bytes - start - 8) // 2)):
        (at,) = struct.unpack_from(">H", page, start + 8 + 2 * i)
        length, after = _varint(page, at)
        seq, after = _varint(page, after)
        if 0 < length <= LARGEST_PAYLOAD and after < pages.bytes:
            for payload in _payloads(page, after, length, pages):
                yield seq, payload


def _payloads(page: bytes, at: int, length: int, pages: _Pages) -> Iterator[bytes]:
    """The bytes of a cell, with what overflowed; where generations of a page differ, each way to read it."""
    local = _local_bytes(length, pages.bytes)
    if local == length:
        yield page[at : at + length]
        return
    if at + local + 4 > pages.bytes:
        return
    (following,) = struct.unpack_from(">I", page, at + local)
    for newest in (True, False):
        found, number = page[at : at + local], following
        while number and len(found) < length:
            generations = list(pages.overflow(number))
            more = generations[0 if newest else -1]
            if len(more) < pages.bytes:
                break
            (number,) = struct.unpack_from(">I", more)
            found += more[4 : 4 + length - len(found)]
        if len(found) == length:
            yield found


def _local_bytes(length: int, page_bytes: int) -> int:
    """How much of a payload lies in its leaf."""
    if length <= page_bytes - 35:
        return length
    least = (page_bytes - 12) * 32 // 255 - 23
    fitting = least + (length - least) % (page_bytes - 4)
    return fitting if fitting <= page_bytes - 35 else least


def _row(seq: int, payload: bytes) -> Row | None:
    values = _values(payload)
    if values is None or len(values) != len(Row._fields) or values[0] is not None:
        return None
    return Row(seq, *values[1:]) if isinstance(values[7], bytes) and isinstance(values[9], bytes) else None


def _values(payload: bytes) -> Sequence[Any] | None:
    """The columns of a record; None where it is not one."""
    header_end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < header_end <= len(payload):
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Any] = []
    for kind in kinds:
        size = INTEGER_BYTES.get(kind, (kind - 12) // 2 if kind >= 12 else 0)
        part = payload[at : at + size]
        if kind in {7, 10, 11} or len(part) < size:
            return None
        values.append(_value(kind, part))
        at += size
    return values if kinds and at == len(payload) else None


def _value(kind: int, part: bytes) -> Any:
    if kind in INTEGER_BYTES:
        return int.from_bytes(part, "big", signed=True)
    if kind >= 12:
        return part if kind % 2 == 0 else part.decode(errors="replace")
    return {8: 0, 9: 1}.get(kind)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends; at the end of the data 0, and an end beyond it."""
    value = 0
    for i in range(9):
        if at + i >= len(data):
            return 0, len(data) + 1
        byte = data[at + i]
        if i == 8:
            value = value << 8 | byte
            return value - (1 << 64) if value >> 63 else value, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    raise AssertionError("a varint ends after nine bytes")
