"""Meters to read in tests: a real Modbus server per profile, a serial port that answers, and a socket that misbehaves.

Every server listens on a free port of this machine and stops with its `with` block.
"""

import asyncio
import os
import socket
import struct
import threading
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Self

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from domain.meter_profile import MeterProfile, Register, WordOrder

HERE = "127.0.0.1"
SERIAL = 20_417_333
FORMS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "u64": ">Q", "i64": ">q", "f32": ">f", "f64": ">d"}


def sane_values() -> dict[str, Decimal]:
    """A three-phase load of some 7 kW, as its meter shows it, in base units; every rule is content with it."""
    found: dict[str, Decimal] = {"frequency": Decimal("50.0")}
    total = dict.fromkeys(("active", "reactive", "apparent"), Decimal(0))
    for phase, (volts, amps) in {"l1": ("230.4", "10"), "l2": ("231.2", "11"), "l3": ("229.6", "12")}.items():
        found[f"voltage_{phase}"], found[f"current_{phase}"] = Decimal(volts), Decimal(amps)
        apparent = Decimal(volts) * Decimal(amps)
        for kind, part in {"active": "0.96", "reactive": "0.28", "apparent": "1"}.items():
            found[f"{kind}_power_{phase}"] = apparent * Decimal(part)
            total[kind] += apparent * Decimal(part)
        found[f"power_factor_{phase}"] = Decimal("0.96")
    found |= {f"{kind}_power": watts for kind, watts in total.items()}
    return found | {
        "power_factor": Decimal("0.96"),
        "active_energy_import": Decimal(123_456_000),
        "active_energy_export": Decimal(2_048_000),
        "reactive_energy_import": Decimal(36_864_000),
        "reactive_energy_export": Decimal(512_000),
    }


def words_of(register: Register, value: Decimal, order: WordOrder) -> list[int]:
    """A value in base units as a meter sends it: written apart from the reader, so that both must agree."""
    count = value / register.factor
    number = float(count) if register.type.is_float else int(count.to_integral_value())
    packed = struct.pack(FORMS[register.type.value], number)
    words = [packed[at : at + 2] for at in range(0, len(packed), 2)]
    if order.value.startswith("little"):
        words.reverse()
    if order.value.endswith("swapped"):
        words = [word[::-1] for word in words]
    return [int.from_bytes(word, "big") for word in words]


@dataclass
class SimulatedMeter:
    """What one unit answers. `busy` and `drop` count the next requests that are refused, or not answered at all."""

    profile: MeterProfile
    words: dict[int, int] = field(default_factory=dict)
    busy: int = 0
    drop: int = 0
    requests: list[tuple[int, int]] = field(default_factory=list)
    splits_refused: bool = False

    def show(self, values: Mapping[str, Decimal], order: WordOrder | None = None) -> Self:
        """Show these values; of a counter in several registers, the first holds everything."""
        seen: set[str] = set()
        for register in self.profile.registers:
            value = Decimal(0) if register.quantity in seen else values[register.quantity]
            seen.add(register.quantity)
            words = words_of(register, value, order or register.words or self.profile.transport.words)
            self.put(register.address, words)
        for identity in self.profile.identities:
            size = identity.type.registers
            number = identity.allowed[0]
            self.put(identity.address, [number >> 16 * at & 0xFFFF for at in range(size)])
        return self.sealed(SERIAL)

    def sealed(self, serial: int) -> Self:
        """The serial number on its plate, where the profile knows its place; text is what is printed there, too."""
        where = self.profile.serial
        if where is not None and where.is_text:
            text = str(serial).encode().ljust(2 * where.registers, b"\0")
            self.put(where.address, [text[at] << 8 | text[at + 1] for at in range(0, len(text), 2)])
        elif where is not None:
            high_first = [serial >> 16 * at & 0xFFFF for at in reversed(range(where.registers))]
            little = self.profile.transport.words is WordOrder.LITTLE
            self.put(where.address, high_first[::-1] if little else high_first)
        return self

    def put(self, address: int, words: Sequence[int]) -> None:
        self.words |= dict(enumerate(words, address))

    def mark(self, quantity: str, bits: int) -> None:
        """Put bits as they are where a quantity stands."""
        (register, *_) = (r for r in self.profile.registers if r.quantity == quantity)
        words = [bits >> 16 * at & 0xFFFF for at in range(register.type.registers)]
        little = (register.words or self.profile.transport.words) is WordOrder.LITTLE
        self.put(register.address, words if little else words[::-1])

    def device(self, unit: int) -> SimDevice:
        first, last = min(self.words), max(self.words)
        size = max(last + 1, *(r.end for r in self.profile.registers)) - first
        data = SimData(first, values=[0] * size, datatype=DataType.REGISTERS)

        async def answer(
            _function: int, start: int, address: int, count: int, registers: list[int], _set: object
        ) -> ExcCodes | None:
            self.requests.append((address, count))
            if (self.splits_refused and self._splits(address, count)) or self._beyond(address, count):
                return ExcCodes.ILLEGAL_ADDRESS
            if self.busy:
                self.busy -= 1
                return ExcCodes.DEVICE_BUSY
            for at in range(address, address + count):
                registers[at - start] = self.words.get(at, 0)
            return None

        return SimDevice(unit, simdata=[data], action=answer)

    def _beyond(self, address: int, count: int) -> bool:
        """Whether some of it is behind the last value, and is no serial number either."""
        end = max(register.end for register in self.profile.registers)
        return any(at >= end and at not in self.words for at in range(address, address + count))

    def _splits(self, address: int, count: int) -> bool:
        edges = (address, address + count)
        return any(r.address < edge < r.end for r in self.profile.registers for edge in edges)


class MeterServer:
    """A gateway with meters behind it: pymodbus' own server, in a thread of its own."""

    def __init__(self, units: Mapping[int, SimulatedMeter], *, rtu_framing: bool = False, port: int = 0) -> None:
        self.units = units
        self.port = port
        self._framer = FramerType.RTU if rtu_framing else FramerType.SOCKET
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="meters")

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(20), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(20)
            assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        devices = [meter.device(unit) for unit, meter in self.units.items()]
        server = ModbusTcpServer(
            devices,
            framer=self._framer,
            address=(HERE, self.port),
            ignore_missing_devices=True,
            trace_packet=self._trace,
        )
        await server.serve_forever(background=True)
        self.port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self._started.set()
        await self._stopping.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
        await asyncio.sleep(0)  # the closed connections' callbacks run before the loop ends

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """A dropped answer is one that never leaves the server."""
        if not sending or len(data) < 8:
            return data
        meter = self.units.get(data[0] if self._framer is FramerType.RTU else data[6])
        if meter is None or not meter.drop:
            return data
        meter.drop -= 1
        return b""


Answer = Callable[[bytes], Sequence[bytes]]
"""What a misbehaving device sends back for one request; an empty sequence is silence, `CLOSE` hangs up."""
CLOSE = b"\0close\0"


@contextmanager
def raw_server(answer: Answer) -> Iterator[int]:
    """A TCP server that sends whatever `answer` says to each packet: gives its port."""
    listening = socket.create_server((HERE, 0))
    open_sockets: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                open_sockets.append(connection)
                threading.Thread(target=talk, args=(connection,)).start()

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while request := connection.recv(1024):
                for part in answer(request):
                    if part == CLOSE:
                        return
                    connection.sendall(part)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(20)
        for connection in open_sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serial_port(answer: Answer) -> Iterator[str]:
    """A pseudo terminal whose other end is a meter on RS-485: gives the path of the port."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    path = os.ttyname(theirs)

    def serve() -> None:
        with suppress(OSError):
            while request := os.read(ours, 1024):
                if request == b"stop":
                    return
                for part in answer(request):
                    os.write(ours, part)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield path
    finally:
        os.write(theirs, b"stop")
        thread.join(20)
        os.close(theirs)
        os.close(ours)


def crc16(data: bytes) -> bytes:
    """Modbus' own checksum, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def rtu_answer(request: bytes, words: Sequence[int]) -> bytes:
    """A well-formed answer over RTU."""
    body = request[:2] + bytes([2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)
    return body + crc16(body)


def tcp_answer(request: bytes, words: Sequence[int]) -> bytes:
    """A well-formed answer over TCP."""
    body = request[6:8] + bytes([2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)
    return request[:4] + len(body).to_bytes(2, "big") + body
