"""On the device: send what is stored; only a record's own result marks it as delivered.

What the line says decides what happens next, and nothing here waits or asks the time (`application.upload_pace` does):

    the line says                what happens
    taken                        marked as delivered
    not taken, or no answer      stays pending; the line is left alone for a while
    refused, whatever we send    stays pending, alarm; nothing is ever set aside for that
    refused for its content      halved until the one that is at fault is found; that one is set aside, its bytes kept
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from application.ports import (
    NotAllowed,
    Outbox,
    RecordsRefused,
    Signer,
    StoredCycle,
    Stream,
    StreamRecord,
    Unavailable,
    Wire,
)

LIVE_CYCLES = 2
"""The newest cycles go first: somebody looks at them. The one before the newest repairs a single lost reply."""
CYCLES_PER_CALL = 100
BYTES_PER_CALL = 512 * 1024
"""A stream takes 500 records and 5 MiB a call, but a thin line must carry a call within its time limit."""


class Outcome(StrEnum):
    """How a round ended."""

    DONE = "done"
    MORE = "more"  # the allowance is used up
    LEFT_ALONE = "left alone"  # down, throttled, or only partly taken
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: cycles delivered and set aside, backlog bytes sent, and why it ended."""

    delivered: int
    set_aside: int
    backlog_bytes: int
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class UploadOutbox:
    """Live cycles first, then the oldest ones, until nothing is left, the allowance is used, or the line says no.

    Each record is signed as it is sent, where the device has a key: what waited for weeks, by the key of today.
    """

    device: str
    outbox: Outbox
    stream: Stream
    wire: Wire
    signer: Signer | None = None

    def __call__(self) -> int:
        """Give how many cycles were delivered. A line that is down is no error: the outbox keeps everything."""
        return self.round().delivered

    def round(self, backlog_bytes: int | None = None) -> Round:
        """Send the newest cycles, then at most `backlog_bytes` of the oldest (None: all, 0: none).

        One oldest cycle is sent whatever its size, or a small allowance would starve a large cycle for ever.
        """
        sending = _Sending(self)
        try:
            sending.send(self.outbox.newest_pending(LIVE_CYCLES))
            outcome = self._send_backlog(sending, backlog_bytes)
            if sending.refused and not sending.delivered:
                # nothing at all was accepted, so nothing is known to be wrong with one of them
                return sending.ended(Outcome.NOT_ALLOWED, next(iter(sending.refused.values())))
            for seq, reason in sending.refused.items():
                self.outbox.set_aside(seq, reason)
        except NotAllowed as refusal:
            return sending.ended(Outcome.NOT_ALLOWED, str(refusal))
        except Unavailable as fault:
            return sending.ended(Outcome.LEFT_ALONE, str(fault))
        ended = sending.ended(outcome, "the line took only a part" if outcome is Outcome.LEFT_ALONE else "")
        return replace(ended, set_aside=len(sending.refused))

    def _send_backlog(self, sending: "_Sending", allowance: int | None) -> Outcome:
        while not sending.left_over:
            skipped = len(sending.refused)
            waiting = [one for one in self.outbox.pending(CYCLES_PER_CALL + skipped) if one.seq not in sending.refused]
            if not waiting:
                return Outcome.DONE
            left = None if allowance is None else allowance - sending.backlog_bytes
            if left is not None and left <= 0:
                return Outcome.MORE
            batch = _as_many_as_fit(waiting[:CYCLES_PER_CALL], BYTES_PER_CALL if left is None else left)
            sending.send(batch)
            sending.backlog_bytes += sum(len(cycle.body) for cycle in batch)
        return Outcome.LEFT_ALONE


class _Sending:
    """One round's results so far."""

    def __init__(self, upload: UploadOutbox) -> None:
        self._upload = upload
        self.delivered = 0
        self.backlog_bytes = 0
        self.left_over = False
        self.refused: dict[int, str] = {}

    def send(self, cycles: Sequence[StoredCycle]) -> None:
        """Mark what was taken; halve what was refused for its content. Raises `Unavailable`."""
        if not cycles:
            return
        try:
            taken = self._upload.stream.put([self._record(cycle) for cycle in cycles])
        except RecordsRefused as refusal:
            if len(cycles) == 1:
                self.refused[cycles[0].seq] = str(refusal)
                return
            middle = len(cycles) // 2
            self.send(cycles[:middle])
            self.send(cycles[middle:])
            return
        self._upload.outbox.acknowledge([cycle.seq for cycle, ok in zip(cycles, taken, strict=True) if ok])
        self.delivered += sum(taken)
        self.left_over = self.left_over or not all(taken)

    def ended(self, outcome: Outcome, reason: str) -> Round:
        return Round(self.delivered, 0, self.backlog_bytes, outcome, reason)

    def _record(self, cycle: StoredCycle) -> StreamRecord:
        upload = self._upload
        store = upload.outbox.store
        data = upload.wire.record(upload.device, store, cycle.seq, cycle.body, upload.signer)
        return StreamRecord(upload.device, data)


def _as_many_as_fit(cycles: Sequence[StoredCycle], most_bytes: int) -> Sequence[StoredCycle]:
    """The first cycles whose bytes fit, and at least one."""
    total = 0
    for count, cycle in enumerate(cycles):
        total += len(cycle.body)
        if count and total > min(most_bytes, BYTES_PER_CALL):
            return cycles[:count]
    return cycles
