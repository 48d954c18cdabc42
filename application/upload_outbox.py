"""On the device: send what is stored; only a record's own result marks it as delivered."""

from dataclasses import dataclass

from application.ports import Outbox, Stream, StreamRecord, Unavailable, Wire

CYCLES_PER_CALL = 100
"""A cycle of a large plant is about 10 kB; the stream takes 500 records and 10 MiB a call."""


@dataclass(frozen=True)
class UploadOutbox:
    """Send the oldest cycles first, until nothing is left or the line says no."""

    device: str
    outbox: Outbox
    stream: Stream
    wire: Wire

    def __call__(self) -> int:
        """Give how many cycles were delivered. A line that is down is no error: the outbox keeps everything."""
        delivered = 0
        while cycles := self.outbox.pending(CYCLES_PER_CALL):
            records = [
                StreamRecord(self.device, self.wire.record(self.device, self.outbox.store, cycle.seq, cycle.body))
                for cycle in cycles
            ]
            try:
                taken = self.stream.put(records)
            except Unavailable:
                return delivered
            self.outbox.acknowledge([cycle.seq for cycle, ok in zip(cycles, taken, strict=True) if ok])
            delivered += sum(taken)
            if not all(taken):
                return delivered
        return delivered
