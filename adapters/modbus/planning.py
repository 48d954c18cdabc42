"""Which registers are asked for together: few requests, no value cut in two, no wide gap read for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.meter_profile import Register, Transport


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` registers from `address` on."""

    address: int
    count: int

    @property
    def end(self) -> int:
        return self.address + self.count


def plan(registers: Sequence[Register], transport: Transport) -> tuple[Block, ...]:
    """Blocks in ascending order that hold every register whole; at most `most_registers` each, gaps to `widest_gap`."""
    blocks: list[Block] = []
    for register in sorted(registers, key=lambda r: (r.address, r.end)):
        last = blocks[-1] if blocks else None
        end = max(register.end, last.end) if last else register.end
        if (
            last
            and register.address - last.end <= transport.widest_gap
            and end - last.address <= transport.most_registers
        ):
            blocks[-1] = Block(last.address, end - last.address)
        else:
            blocks.append(Block(register.address, register.end - register.address))
    return tuple(blocks)
