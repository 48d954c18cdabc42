"""On the device: room for the next polls when the line was down for longer than the disk is large.

    at 80 %   delivered cycles go; the newest day of them stays
    at 90 %   the oldest backlog is thinned to one cycle every 15 minutes, then to one an hour, some hundred at a time
    full      both at once, and the newest backlog is the last to be touched; then nothing more can be taken

Thinned cycles say so wherever they go (`Thinned`). Their energy is exact, because registers count; the minutes at which
it flowed are what is lost, so the cloud marks them as estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports import CannotUnderstand, Merge, Outbox, StoredCycle, Wire
from domain.thinning import LEVELS_MINUTES, blocks, joined
from domain.upload import Contents, Thinned

FORGET_FROM_PERCENT = 80
THIN_FROM_PERCENT = 90
CYCLES_AT_ONCE = 288
"""A day of polls: some hundred milliseconds of work, in one commit."""


@dataclass(frozen=True)
class MakeRoom:
    """`newest_kept` cycles are never thinned, and never forgotten before the store is full."""

    outbox: Outbox
    wire: Wire
    newest_kept: int = 288

    def __call__(self, full: bool = False) -> int:
        """Free room as far as the degree asks for it; how many cycles went. Raises `Unavailable`.

        `full` says that the store refused a cycle, whatever it says of its fullness.
        """
        freed = 0
        if full or self.outbox.fullness() >= FORGET_FROM_PERCENT:
            freed += self.outbox.forget(keep=1 if full else self.newest_kept)
        if (full and not freed) or self.outbox.fullness() >= THIN_FROM_PERCENT:
            freed += self._thin()
        return freed

    def _thin(self) -> int:
        """The oldest cycles that can still be thinned; 0 when all of them are."""
        before = 0
        for minutes in LEVELS_MINUTES:
            cycles = self.outbox.as_polled(before, CYCLES_AT_ONCE + self.newest_kept)
            if before == 0:
                cycles = cycles[: -self.newest_kept or None]
            merges = self._merges(cycles[:CYCLES_AT_ONCE], minutes)
            self.outbox.replace(merges)
            if freed := sum(len(merge.seqs) - 1 for merge in merges):
                return freed
            before = minutes
        return 0

    def _merges(self, cycles: Sequence[StoredCycle], minutes: int) -> list[Merge]:
        held = {cycle.seq: contents for cycle in cycles if (contents := self._contents(cycle)) and contents.readings}
        instants = [(seq, contents.readings[-1][1].at) for seq, contents in held.items()]
        whole = blocks(instants, minutes)[:-1]  # of the last block more polls may follow
        return [self._merge(seqs, held, minutes) for seqs in whole]

    def _merge(self, seqs: list[int], held: dict[int, Contents], minutes: int) -> Merge:
        earlier = [seq for one in seqs if (was := held[one].thinned) for seq in was.seqs]
        readings = joined(held[seq].readings for seq in seqs)
        body = self.wire.body(readings, held[seqs[-1]].clock, Thinned((*sorted(earlier), *seqs), minutes))
        return Merge(tuple(seqs), body, minutes)

    def _contents(self, cycle: StoredCycle) -> Contents | None:
        try:
            return self.wire.contents(cycle.body)
        except CannotUnderstand:  # it is sent as it is, and quarantined where people look
            return None
