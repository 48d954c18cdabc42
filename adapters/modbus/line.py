"""One Modbus line: a TCP connection or a serial port, one question at a time, and every answer checked.

`pymodbus` frames and checks; this module decides when an answer counts. After any fault the connection is closed, so
that half an answer is never the beginning of the next one. RTU has no transaction number: there, what comes late is
waited out, and a question of another length is asked until its own answer comes; only then is the next real one asked.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU

# What a line did is told by a meter's status; without a handler the library would print it in its own words.
logging.getLogger("pymodbus").addHandler(logging.NullHandler())

FENCES = (2, 3, 4)
LONGEST_WAIT_S = 2.0


class LineFault(Exception):
    """A question without a usable answer; the text says what happened, for a person."""


class Unreachable(LineFault):
    """The line itself could not be opened; no meter on it can be asked."""


class NoAnswer(LineFault):
    """Nothing came, or nothing that was an answer to this question."""


class Declined(LineFault):
    """The meter, or a gateway before it, answered with an exception code."""

    MEANING = {  # noqa: RUF012  # a table of the protocol, never changed
        1: "illegal function: the profile asks with the wrong function code",
        2: "illegal address: the profile does not fit this meter",
        3: "illegal value: the profile asks for too many registers at once",
        4: "the meter reports a failure of its own",
        5: "the meter needs more time",
        6: "the meter is busy",
        10: "the gateway has no path to the meter: check its port settings",
        11: "the gateway had no answer from the meter: check unit number, wiring and baud rate",
    }
    PASSING = (5, 6, 11)

    def __init__(self, code: int, where: str) -> None:
        super().__init__(f"{where}: exception {code}: {self.MEANING.get(code, 'not a code of the protocol')}")
        self.passes = code in self.PASSING
        """Worth asking again."""


class Line(Protocol):
    """What the poller needs of a line; the tests have one without a wire."""

    @property
    def name(self) -> str:
        """For a person."""
        ...

    def read(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        """`count` registers of 16 bits. Raises `LineFault`."""
        ...

    def close(self) -> None:
        """Let go of the line; the next read opens it again."""
        ...


@dataclass(frozen=True, slots=True)
class TcpPlace:
    """A meter or gateway on the network; `rtu_framing` for converters that pass serial frames through unchanged."""

    host: str
    port: int = 502
    rtu_framing: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """An RS-485 port of this machine."""

    path: str
    baud: int = 9600
    parity: str = "N"
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"{self.path} ({self.baud} 8{self.parity}{self.stop_bits})"


class ModbusLine:
    """Line over pymodbus. Not for two threads at once: one line, one asker."""

    def __init__(
        self, place: TcpPlace | SerialPlace, timeout_s: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.place = place
        self.timeout_s = timeout_s
        self._sleep = sleep
        self._client = _client(place, timeout_s)
        self._may_hear_late = isinstance(place, SerialPlace) or place.rtu_framing
        self._unanswered: dict[int, int] = {}
        """By unit: how many registers the answer has that may still come."""

    @property
    def name(self) -> str:
        return str(self.place)

    def read(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        if unit in self._unanswered:
            self._outwait(unit, function, address, self._unanswered[unit])
        try:
            return self._ask(unit, function, address, count)
        except NoAnswer:
            if self._may_hear_late:
                self._unanswered[unit] = count
            raise

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped

    def _outwait(self, unit: int, function: int, address: int, lost_count: int) -> None:
        """Bring a meter in step: wait, drop what came, then ask for other lengths than the lost answer has.

        A meter answers in order, so once one of these is answered, the lost answer is behind us. Raises `NoAnswer`.
        """
        self._sleep(min(self.timeout_s, LONGEST_WAIT_S))
        for fence in [length for length in FENCES if length != lost_count]:
            try:
                self._ask(unit, function, address, fence)
            except NoAnswer:
                continue
            except Declined:
                pass  # an answer, too
            del self._unanswered[unit]
            return
        raise NoAnswer(f"no usable answer within {self.timeout_s:g} s, and nothing since")

    def _ask(self, unit: int, function: int, address: int, count: int) -> tuple[int, ...]:
        self._open()
        try:
            answer = self._exchange(unit, function, address, count)
            return _checked(answer, function, address, count)
        except NoAnswer:
            self.close()
            raise
        except Declined:
            raise
        except OSError as error:
            self.close()
            raise NoAnswer(f"the connection broke: {error.strerror or type(error).__name__}") from error
        except ModbusException as error:
            self.close()
            raise NoAnswer(f"no usable answer within {self.timeout_s:g} s") from error

    def _exchange(self, unit: int, function: int, address: int, count: int) -> ModbusPDU:
        if function == 3:
            return self._client.read_holding_registers(address, count=count, device_id=unit)
        return self._client.read_input_registers(address, count=count, device_id=unit)

    def _open(self) -> None:
        try:
            opened = self._client.connect()
        except (OSError, ValueError) as error:  # a host name that is none is a ValueError
            raise Unreachable(f"cannot open {self.name}: {error}") from error
        if not opened:
            raise Unreachable(f"cannot open {self.name}: {_why(self.place)}")


def _client(place: TcpPlace | SerialPlace, timeout_s: float) -> ModbusTcpClient | ModbusSerialClient:
    """No retries inside the library: a retry is ours, because only we know what may be asked again."""
    if isinstance(place, SerialPlace):
        return ModbusSerialClient(
            place.path,
            baudrate=place.baud,
            parity=place.parity,
            stopbits=place.stop_bits,
            timeout=timeout_s,
            retries=0,
        )
    framer = FramerType.RTU if place.rtu_framing else FramerType.SOCKET
    return ModbusTcpClient(place.host, port=place.port, framer=framer, timeout=timeout_s, retries=0)


def _checked(answer: ModbusPDU, function: int, address: int, count: int) -> tuple[int, ...]:
    """The registers, if this is an answer to this question. Raises `Declined` or `NoAnswer`."""
    if answer.function_code == function | 0x80:
        raise Declined(answer.exception_code, f"registers {address} to {address + count - 1}")
    if answer.function_code != function:
        raise NoAnswer(f"the answer is to function {answer.function_code}, the question was {function}")
    if len(answer.registers) != count:
        raise NoAnswer(f"the answer has {len(answer.registers)} registers, the question was for {count}")
    return tuple(answer.registers)


def _why(place: TcpPlace | SerialPlace) -> str:
    if isinstance(place, SerialPlace):
        return "check that it is there and can do this, that nobody else has it open, that this user may use it"
    return "nobody answers there; check address, port, cable and firewall"
