"""Ask one meter for everything its profile names, with patience where that helps and none where it does not."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.modbus.decoding import bits_of
from adapters.modbus.line import Declined, Line, LineFault, NoAnswer
from adapters.modbus.planning import Block, plan
from domain.meter_profile import Identity, MeterProfile, SerialNumber

LONGEST_PAUSE_S = 1.0


class WrongDevice(LineFault):
    """What answers is not what the profile is for."""


class OutOfTime(LineFault):
    """The poll must end; this meter's turn did not come, or not to its end."""


@dataclass(frozen=True, slots=True)
class MeterOnLine:
    """A meter: its name, its unit number on the line, and how it is read.

    `ratio` is that of a current transformer that the meter does not know of.
    """

    meter: str
    unit: int
    profile: MeterProfile
    ratio: Decimal = Decimal(1)


@dataclass
class Asking:
    """One poll's way of asking over one line: until when (on `monotonic`), and with which pauses."""

    line: Line
    until_s: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    identified: dict[str, str] = field(default_factory=dict)
    """Meters that said who they are, and what there is to note about it."""

    def words(self, on: MeterOnLine, patient: bool = True) -> dict[int, int]:
        """The 16 bits at every address the profile needs. Raises `LineFault`.

        `patient`: a question that failed is repeated as often as the profile says. A meter that was silent before gets
        one chance, because every repetition is taken from its neighbours' time.
        """
        transport = on.profile.transport
        attempts = 1 + (transport.retries if patient else 0)
        for identity in on.profile.identities if on.meter not in self.identified else ():
            self._identify(on, identity, attempts)
        self.identified.setdefault(on.meter, "")
        words: dict[int, int] = {}
        for block in plan(on.profile.registers, transport):
            read = self._read(on, block, attempts)
            words.update(zip(range(block.address, block.end), read, strict=True))
        return words

    def serial(self, on: MeterOnLine, where: SerialNumber) -> tuple[int, ...]:
        """The words of its serial number; asked for once, whatever the answer. Raises `LineFault`."""
        if self.monotonic() >= self.until_s:
            raise OutOfTime("the poll ran out of time")
        self.sleep(on.profile.transport.pause_ms / 1000)
        return self.line.read(on.unit, where.function, where.address, where.registers)

    def _identify(self, on: MeterOnLine, identity: Identity, attempts: int) -> None:
        try:
            said = self._read(on, Block(identity.address, identity.type.registers), attempts)
        except Declined as declined:
            if identity.refuses:
                raise
            self.identified[on.meter] = f"it does not say whether it is {identity.says} ({declined})"
            return
        value = bits_of(said, on.profile.transport.words)
        if value in identity.allowed:
            return
        sentence = f"register {identity.address:#06x} says {value}, which is not {identity.says}"
        if identity.refuses:
            raise WrongDevice(sentence)
        self.identified[on.meter] = sentence

    def _read(self, on: MeterOnLine, block: Block, attempts: int) -> tuple[int, ...]:
        transport = on.profile.transport
        pause_s = transport.pause_ms / 1000
        for attempt in range(1, attempts + 1):
            if self.monotonic() >= self.until_s:
                raise OutOfTime("the poll ran out of time")
            self.sleep(pause_s)
            try:
                return self.line.read(on.unit, transport.function, block.address, block.count)
            except (NoAnswer, Declined) as fault:
                if attempt == attempts or (isinstance(fault, Declined) and not fault.passes):
                    raise
                pause_s = min(max(pause_s, 0.02) * 2, LONGEST_PAUSE_S)
        raise AssertionError("attempts is at least 1")
