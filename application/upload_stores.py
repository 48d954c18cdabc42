"""On the device: send what is stored, and what was saved of stores that broke, each under its own store's name."""

from dataclasses import dataclass, replace

from application.ports import OutboxCare, Unavailable
from application.upload_outbox import Outcome, Round, UploadOutbox


@dataclass(frozen=True)
class UploadStores:
    """The store in use first; salvaged ones within the allowance that it leaves. `care`: None where none can break."""

    upload: UploadOutbox
    care: OutboxCare | None = None

    def __call__(self) -> int:
        """Give how many cycles were delivered."""
        return self.round().delivered

    def round(self, backlog_bytes: int | None = None) -> Round:
        """As `UploadOutbox.round`, of every store. A disk that refuses is told like a line that does."""
        done = self.upload.round(backlog_bytes)
        if self.care is None:
            return done
        try:
            return self._salvaged(self.care, done, backlog_bytes)
        except Unavailable as fault:
            return replace(done, outcome=Outcome.LEFT_ALONE, reason=str(fault))

    def _salvaged(self, care: OutboxCare, done: Round, allowance: int | None) -> Round:
        for outbox in care.salvaged():
            if done.outcome is not Outcome.DONE:
                break
            left = None if allowance is None else max(0, allowance - done.backlog_bytes)
            if left == 0 and outbox.backlog():
                return replace(done, outcome=Outcome.MORE)
            done = _both(done, replace(self.upload, outbox=outbox).round(left))
            if not outbox.backlog():
                care.delivered(outbox)
        return done


def _both(first: Round, then: Round) -> Round:
    return replace(
        then,
        delivered=first.delivered + then.delivered,
        set_aside=first.set_aside + then.set_aside,
        backlog_bytes=first.backlog_bytes + then.backlog_bytes,
    )
