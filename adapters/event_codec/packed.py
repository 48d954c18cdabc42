"""`ReadingsPriced.v3` as bytes: nine events in ten are uploads, so these are packed and not written as text.

    4 bytes   CRC-32 of everything after it
    10 bytes  how long the upload's name is, rows, and line codes (4, 4 and 2 bytes, little-endian)
    the rest  the upload's name, then columns: meters, slots, wh, varh, estimated, export_wh, capacitive_varh, and one
              for each line code

What meters measured comes first: whoever bills a year reads no further. Energy is charged per Wh, so that most costs
are a multiple of `wh` and take a few bytes a column; the rest of them are seldom told.
"""

import struct
import zlib
from dataclasses import dataclass

from adapters.event_codec.columns import Column, Packed, pack
from domain.events import ReadingsPriced

HEAD = struct.Struct("<IIH")
CHECKSUM = 4


class DamagedEvent(ValueError):
    """Stored bytes that are not what was written."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of an upload, without their costs."""

    meters: Column
    slots: Column
    wh: Column
    varh: Column
    estimated: Column
    export_wh: Column
    capacitive_varh: Column


def packed(event: ReadingsPriced) -> bytes:
    name, wh = event.upload.encode(), event.wh
    content = b"".join(
        (
            HEAD.pack(len(name), len(event.slots), len(event.live_nano)),
            name,
            pack(event.meters),
            pack(event.slots),
            pack(wh),
            pack(event.varh),
            pack(event.estimated),
            pack(event.export_wh),
            pack(event.capacitive_varh),
            *[pack(column, wh) for column in event.live_nano],
        )
    )
    return zlib.crc32(content).to_bytes(CHECKSUM, "little") + content


def unpacked(state: bytes) -> ReadingsPriced:
    """Raises `DamagedEvent`, and `UnknownEvent` where a newer version wrote it."""
    name, lines, columns = _opened(state)
    meters, slots, wh, varh, estimated, exported, capacitive = [columns.column() for _ in range(7)]
    live = tuple([tuple(columns.column(wh)) for _ in range(lines)])
    if columns.at != len(state):
        raise DamagedEvent(f"an upload of {len(state)} bytes has columns of {columns.at}")
    return ReadingsPriced(
        upload=name,
        meters=tuple(meters),
        slots=tuple(slots),
        wh=tuple(wh),
        varh=tuple(varh),
        estimated=tuple(estimated),
        live_nano=live,
        export_wh=tuple(exported),
        capacitive_varh=tuple(capacitive),
    )


def measured(state: bytes) -> Measured:
    """Raises as `unpacked` does."""
    _, _, columns = _opened(state)
    return Measured(*[columns.column() for _ in range(7)])


def _opened(state: bytes) -> tuple[str, int, Packed]:
    content = memoryview(state)[CHECKSUM:]
    if len(content) < HEAD.size or zlib.crc32(content).to_bytes(CHECKSUM, "little") != state[:CHECKSUM]:
        raise DamagedEvent(f"an upload of {len(state)} bytes is not what was written: its checksum differs")
    length, rows, lines = HEAD.unpack_from(content)
    begin = CHECKSUM + HEAD.size
    return state[begin : begin + length].decode(), lines, Packed(state, begin + length, rows)
