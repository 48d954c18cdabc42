"""What was really counted and really stored: the simulation's own knowledge, by which the house is judged."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.messages import WattledgerWire
from application.ports import CannotUnderstand
from domain.measurement import Reading
from domain.upload import Contents
from tests.simulation.disk import Disk
from tests.simulation.plant import Switchboard
from tests.simulation.violation import Broken, Violation

Shown = tuple[datetime, int, int]
"""By this a reading is found again: its stamp and what it showed."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a meter had counted when it was read, since the plant began; and how often it had lost its memory."""

    wh: int
    varh: int
    resets: int
    serial: int


@dataclass
class Taken:
    """Meters, and a witness of what they said.

    `chain` has a meter's stored readings in the order of their commits.
    """

    board: Switchboard
    counted: dict[tuple[str, Shown], Counted] = field(default_factory=dict)
    chain: dict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    polled: dict[datetime, list[tuple[str, Shown]]] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    boot_ms: dict[str, int] = field(default_factory=dict)

    def read(self, at: datetime) -> Sequence[Reading]:
        readings = self.board.read(at)
        self.polled[at] = [(one.meter, shown(one)) for one in readings]
        for one in readings:
            meter = self.board.meters[one.meter]
            known = Counted(meter.total_wh, meter.total_varh, meter.resets, meter.serial)
            self.counted.setdefault((one.meter, shown(one)), known)
        return readings

    def has_read_the_new(self, meter: str) -> bool:
        """Whether the meter that counts now was stored at least once: two swaps in between could not be told apart."""
        chain = self.chain[meter]
        return bool(chain) and self.counted[meter, chain[-1]].serial == self.board.meters[meter].serial

    def see_disk(self, disk: Disk) -> None:
        """What was committed since."""
        for seq, body in disk.committed.items():
            if (disk.store, seq) not in self.seen:
                self.seen.add((disk.store, seq))
                contents = _read(body)
                self._check_clock(contents)
                for _, after in contents.readings:
                    if self.chain[after.meter][-1:] != [shown(after)]:  # else it was stored in one that broke, too
                        self.chain[after.meter].append(shown(after))

    def _check_clock(self, contents: Contents) -> None:
        """The seconds since a boot only grow, whatever anybody sets."""
        clock = contents.clock
        if clock is not None:
            if clock.boot_ms < self.boot_ms.get(clock.boot, 0):
                raise Violation(Broken.CLOCK, f"{clock.boot_ms} ms since {clock.boot}")
            self.boot_ms[clock.boot] = clock.boot_ms

    def check_stored(self, at: datetime) -> None:
        """The device said that the poll at an instant is stored: it is on the disk."""
        for meter, one in self.polled.get(at, ()):
            if one not in self.chain[meter]:
                raise Violation(Broken.NOT_STORED, f"{meter} at {at.isoformat()}")


def _read(body: bytes) -> Contents:
    try:
        return WattledgerWire().contents(body)
    except CannotUnderstand as fault:
        raise Violation(Broken.NOT_STORED, f"what was stored cannot be read: {fault}") from fault


def shown(reading: Reading) -> Shown:
    return reading.at, reading.active_wh, reading.reactive_varh
