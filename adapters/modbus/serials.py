"""Which serial number a meter tells, and whether that can be believed.

No reading waits for it: a meter that does not tell its own is read all the same, and what is wrong is noted. It is
asked for at every poll, because a meter may be replaced between two polls.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.modbus.decoding import bits_of
from adapters.modbus.line import Declined, LineFault
from adapters.modbus.polling import MeterOnLine, OutOfTime
from domain.meter_profile import SerialNumber, WordOrder

MOST_REPLACED = 2
"""Nobody replaces a meter more often while the device runs: the register holds something else."""

MOST_SILENT = 2
"""Times it may leave this question without an answer: each costs a time out, which its neighbours have to wait for."""

Ask = Callable[[MeterOnLine, SerialNumber], Sequence[int]]


@dataclass
class Serials:
    """What the meters of one line told since the device was started."""

    _told: dict[str, list[str]] = field(default_factory=dict)
    _silent: Counter[str] = field(default_factory=Counter)
    _useless: dict[str, str] = field(default_factory=dict)

    def of(self, on: MeterOnLine, ask: Ask) -> tuple[str, str]:
        """A meter's serial number, empty where it tells none now, and what there is to note."""
        where = on.profile.serial
        if where is None or on.meter in self._useless:
            return "", self._useless.get(on.meter, "")
        try:
            serial = self._read(on, where, ask)
        except Useless as useless:
            self._useless[on.meter] = f"{useless}; if another meter takes its place, nobody is told"
            return "", self._useless[on.meter]
        return serial, ""

    def _read(self, on: MeterOnLine, where: SerialNumber, ask: Ask) -> str:
        """Raises `Useless`."""
        told, order = self._told.setdefault(on.meter, []), on.profile.transport.words
        try:
            serial = text_of(ask(on, where), where, order)
            if not serial or serial in told[-1:]:
                return serial
            if told and text_of(ask(on, where), where, order) != serial:
                raise Useless("its serial number is another at every question")
        except Declined as declined:
            raise Useless(f"it does not tell its serial number ({declined})") from declined
        except OutOfTime:
            return ""
        except LineFault as fault:
            self._silent[on.meter] += 1
            if self._silent[on.meter] > MOST_SILENT:
                raise Useless("it does not answer when it is asked for its serial number") from fault
            return ""
        told.append(serial)
        if len(told) > MOST_REPLACED + 1:
            raise Useless(f"its serial number changed {MOST_REPLACED + 1} times")
        return serial


class Useless(Exception):
    """A serial number that must not be believed, or waited for; the text says why."""


def text_of(words: Sequence[int], where: SerialNumber, order: WordOrder) -> str:
    """A serial number as a person writes it; empty for what is none."""
    if not where.is_text:
        number = bits_of(words, order)
        return "" if number in (0, (1 << 16 * len(words)) - 1) else str(number)
    text = b"".join(word.to_bytes(2, "big") for word in words).split(b"\0")[0].decode("ascii", "replace").strip()
    return text if text.isascii() and text.isprintable() else ""
