"""Readings as bytes: the body that the outbox keeps, and the record that the stream carries. What is read is checked.

A body is deflated JSON of columns, one value a meter, behind a byte with its version: 2, or 3 where a meter tells its
serial number. A body of the first version has no such byte and begins with that of a zlib stream, 0x78. A record is the
body behind a header that says whose it is:

    4 bytes   magic, with the version: WLR1, or WLR2 where it is signed
    4 bytes   CRC-32 of everything after it
    2 bytes   in WLR2 alone: length of the signature, then the signature, of the four bytes WLR2 and all that follows it
    2 bytes   length of the header, then the header: JSON with device, store and seq
    the rest  the body, exactly as it was stored
"""

import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from application.ports import CannotUnderstand, Signed, Signer
from domain.measurement import NO_EXTRA, Extra, Reading
from domain.poll import Poll
from domain.upload import ClockFacts, ClockState, Contents, ReadingPair, Thinned, Upload

MAGIC, SIGNED_MAGIC = b"WLR1", b"WLR2"
PREFIX = struct.Struct(">4sIH")
LENGTH = struct.Struct(">H")
BODY_VERSION, WITH_SERIALS = b"\x02", b"\x03"
FIRST_BODIES_BEGIN = b"\x78"
LARGEST_RECORD = 1 << 20
LARGEST_BODY = 8 << 20
"""Bytes of a record as it comes, and of a body when it is inflated: more is refused before it fills the memory."""

Name = Annotated[str, Field(min_length=1, max_length=128)]
Register = Annotated[int, Field(ge=0, lt=1 << 62)]
Serial = Annotated[str, Field(max_length=64)]
Instant = Annotated[int, Field(ge=0, lt=1 << 35)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Header(_Strict):
    device: Name
    store: Name
    seq: Annotated[int, Field(ge=1)]


class _Clock(_Strict):
    boot: Annotated[str, Field(max_length=128)]
    boot_ms: Annotated[int, Field(ge=0, lt=1 << 62)]
    wall_ms: Annotated[int, Field(gt=-(1 << 62), lt=1 << 62)] | None
    state: Annotated[int, Field(ge=min(ClockState), le=max(ClockState))]


class _Thinned(_Strict):
    seqs: Annotated[list[Annotated[int, Field(ge=1, lt=1 << 63)]], Field(min_length=1, max_length=4096)]
    minutes: Annotated[int, Field(ge=1, le=1440)]


class _Body(_Strict):
    """Columns of equal length: meter, then instant (UTC s), Wh and varh, now and before (None: nothing before).

    The columns of registers that not every meter has are there where one of its meters has them (None: this one not).
    """

    meter: list[Name]
    at: list[Instant]
    wh: list[Register]
    varh: list[Register]
    at_before: list[Instant | None]
    wh_before: list[Register]
    varh_before: list[Register]
    clock: _Clock | None = None
    thinned: _Thinned | None = None
    export_wh: list[Register | None] | None = None
    export_wh_before: list[Register | None] | None = None
    capacitive_varh: list[Register | None] | None = None
    capacitive_varh_before: list[Register | None] | None = None
    serial: list[Serial] | None = None
    serial_before: list[Serial] | None = None


OTHER_REGISTERS = {"export_wh", "export_wh_before", "capacitive_varh", "capacitive_varh_before"}


class WattledgerWire:
    """Wire."""

    def body(
        self, readings: Sequence[ReadingPair], clock: ClockFacts | None = None, thinned: Thinned | None = None
    ) -> bytes:
        columns = _Body.model_construct(
            meter=[after.meter for _, after in readings],
            at=[_seconds(after) for _, after in readings],
            wh=[after.active_wh for _, after in readings],
            varh=[after.reactive_varh for _, after in readings],
            at_before=[_seconds(before) if before else None for before, _ in readings],
            wh_before=[before.active_wh if before else 0 for before, _ in readings],
            varh_before=[before.reactive_varh if before else 0 for before, _ in readings],
            clock=None if clock is None else _clock_as_told(clock),
            thinned=None if thinned is None else _Thinned(seqs=list(thinned.seqs), minutes=thinned.minutes),
            **_extra_columns(readings),
            **(serials := _serial_columns(readings)),
        )
        version = WITH_SERIALS if serials else BODY_VERSION
        return version + zlib.compress(columns.model_dump_json(exclude_unset=True).encode(), 1)

    def readings(self, body: bytes) -> Sequence[ReadingPair]:
        return self.contents(body).readings

    def contents(self, body: bytes) -> Contents:
        readings, clock, thinned = _understood(body)
        return Contents(tuple(readings), clock, thinned)

    def record(self, device: str, store: str, seq: int, body: bytes, signer: Signer | None = None) -> bytes:
        header = _Header(device=device, store=store, seq=seq).model_dump_json().encode()
        content = LENGTH.pack(len(header)) + header + body
        if signer is None:
            return _enclosed(MAGIC, content)
        signature = signer.sign(SIGNED_MAGIC + content)
        return _enclosed(SIGNED_MAGIC, LENGTH.pack(len(signature)) + signature + content)

    def upload(self, data: bytes) -> Upload:
        _, content = _opened(data)
        header_end = LENGTH.size + LENGTH.unpack_from(content)[0]
        try:
            header = _Header.model_validate_json(content[LENGTH.size : header_end])
        except ValidationError as error:
            raise CannotUnderstand(f"a record's header is not understood: {_reason(error)}") from error
        return Upload(header.device, header.store, header.seq, *_understood(content[header_end:]))

    def signed(self, data: bytes) -> Signed:
        signature, content = _opened(data)
        return Signed(SIGNED_MAGIC + content, signature)


def _enclosed(magic: bytes, content: bytes) -> bytes:
    return magic + struct.pack(">I", zlib.crc32(content)) + content


def _opened(data: bytes) -> tuple[bytes, bytes]:
    """Signature, and what it is of: the header's length, the header and the body."""
    if len(data) > LARGEST_RECORD:
        raise CannotUnderstand(f"a record of {len(data)} bytes is larger than the {LARGEST_RECORD} allowed")
    if len(data) < PREFIX.size or data[:4] not in {MAGIC, SIGNED_MAGIC}:
        raise CannotUnderstand(
            f"a record of {len(data)} bytes does not begin with {MAGIC.decode()} or {SIGNED_MAGIC.decode()}"
        )
    magic, checksum, length = PREFIX.unpack_from(data)
    content = data[8:]
    if zlib.crc32(content) != checksum:
        raise CannotUnderstand(f"a record of {len(data)} bytes was damaged on its way: its checksum differs")
    if magic == MAGIC:
        return b"", content
    begin = LENGTH.size + length
    if not length or len(content) < begin + LENGTH.size:
        raise CannotUnderstand(f"a record of {len(data)} bytes has no signature of {length} bytes, as it says")
    return content[LENGTH.size : begin], content[begin:]


def _understood(body: bytes) -> tuple[Sequence[ReadingPair], ClockFacts | None, Thinned | None]:
    """Readings, clock and thinning; the readings by column where they are of one poll."""
    try:
        columns = _Body.model_validate_json(_inflate(_deflated(body)))
        return _poll(columns) or tuple(_pairs(columns)), _clock(columns.clock), _thinned(columns.thinned)
    except (ValidationError, ValueError, zlib.error) as error:
        raise CannotUnderstand(f"a body of {len(body)} bytes holds no readings: {_reason(error)}") from error


def _poll(columns: _Body) -> Poll | None:
    """None where the readings are of several instants or of other registers, or where columns differ in length."""
    before, at, rows = columns.at_before[:1], columns.at[:1], len(columns.meter)
    registers = columns.wh_before, columns.varh_before, columns.wh, columns.varh
    serials = [one for one in (columns.serial_before, columns.serial) if one is not None]
    if (
        not rows
        or columns.at_before != before * rows
        or columns.at != at * rows
        or before[0] is None
        or len(set(columns.meter)) != rows
        or {*map(len, registers), *map(len, serials)} != {rows}
        or len(serials) == 1
        or columns.model_fields_set & OTHER_REGISTERS
    ):
        return None
    instants = datetime.fromtimestamp(before[0], UTC), datetime.fromtimestamp(at[0], UTC)
    return Poll(*instants, columns.meter, *registers, *serials)


def _pairs(columns: _Body) -> list[ReadingPair]:
    now = _extras(columns.export_wh, columns.capacitive_varh, len(columns.meter))
    before_that = _extras(columns.export_wh_before, columns.capacitive_varh_before, len(columns.meter))
    told = _serials(columns.serial, len(columns.meter)), _serials(columns.serial_before, len(columns.meter))
    rows = zip(columns.meter, columns.at, columns.wh, columns.varh, now, told[0], strict=True)
    past = zip(columns.at_before, columns.wh_before, columns.varh_before, before_that, told[1], strict=True)
    instants = {at: datetime.fromtimestamp(at, UTC) for at in {*columns.at, *columns.at_before} if at is not None}
    return [
        (
            None if then[0] is None else Reading(meter, instants[then[0]], *then[1:]),
            Reading(meter, instants[at], *registers),
        )
        for (meter, at, *registers), then in zip(rows, past, strict=True)
    ]


def _clock_as_told(clock: ClockFacts) -> _Clock:
    return _Clock(boot=clock.boot, boot_ms=clock.boot_ms, wall_ms=clock.wall_ms, state=int(clock.state))


def _clock(told: _Clock | None) -> ClockFacts | None:
    return None if told is None else ClockFacts(told.boot, told.boot_ms, told.wall_ms, ClockState(told.state))


def _thinned(told: _Thinned | None) -> Thinned | None:
    return None if told is None else Thinned(tuple(told.seqs), told.minutes)


def _deflated(body: bytes) -> bytes:
    """The zlib stream of a body of any version."""
    if body.startswith((BODY_VERSION, WITH_SERIALS)):
        return body[1:]
    if body.startswith(FIRST_BODIES_BEGIN):
        return body
    raise ValueError(
        f"it begins with {body[:1].hex() or 'nothing'}, which is no version of ours; upgrade this wattledger"
    )


def _extra_columns(readings: Sequence[ReadingPair]) -> dict[str, Any]:
    """Only what is metered is said, so that a body of plain meters is understood by who knows no others."""
    now = [after.extra for _, after in readings]
    past = [before.extra if before else NO_EXTRA for before, _ in readings]
    columns: dict[str, list[int | None]] = {}
    for suffix, extras in (("", now), ("_before", past)):
        if any(one.has("export_wh") for one in (*now, *past)):
            columns[f"export_wh{suffix}"] = [one.export_wh for one in extras]
        if any(one.has("capacitive_varh") for one in (*now, *past)):
            columns[f"capacitive_varh{suffix}"] = [one.capacitive_varh for one in extras]
    return columns


def _serial_columns(readings: Sequence[ReadingPair]) -> dict[str, Any]:
    """Most bodies tell none, and are understood by who knows of none."""
    columns: dict[str, list[str]] = {
        "serial": [after.serial for _, after in readings],
        "serial_before": [before.serial if before else "" for before, _ in readings],
    }
    return columns if any(map(any, columns.values())) else {}


def _serials(told: list[str] | None, rows: int) -> Sequence[str]:
    return [""] * rows if told is None else told


def _extras(exported: list[int | None] | None, capacitive: list[int | None] | None, rows: int) -> Sequence[Extra]:
    if exported is None and capacitive is None:
        return [NO_EXTRA] * rows
    nothing = [None] * rows
    return [Extra(*each) for each in zip(exported or nothing, capacitive or nothing, strict=True)]


def _inflate(body: bytes) -> bytes:
    machine = zlib.decompressobj()
    text = machine.decompress(body, LARGEST_BODY)
    if machine.unconsumed_tail:
        raise ValueError(f"it inflates to more than the {LARGEST_BODY} bytes allowed")
    if not machine.eof:
        raise ValueError("it ends too early")
    if machine.unused_data:
        raise ValueError("more follows its end")
    return text


def _seconds(reading: Reading) -> int:
    """UTC seconds; a naive instant would be taken for the time zone of the machine."""
    if reading.at.tzinfo is None:
        raise ValueError(f"meter {reading.meter}: {reading.at.isoformat()} has no time zone; stamp readings in UTC")
    return int(reading.at.timestamp())


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}"
    return str(error)
