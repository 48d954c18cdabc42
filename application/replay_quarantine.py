"""What waits in quarantine is tried again: what is accepted now leaves it, and what is not stays."""

from dataclasses import dataclass

from application.correct_reading import CorrectReading
from application.ports import CannotUnderstand, CorrectionRecords, Kept, Reason
from application.price_uploads import PriceUploads
from application.record_late import RecordLate
from application.refused import AT_THE_DOOR
from domain.errors import Refusal


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many were tried, how many left quarantine, and why the others stay: by the reasons of today."""

    tried: int
    released: int
    still_refused: tuple[tuple[Kept, str], ...]


@dataclass(frozen=True)
class ReplayQuarantine:
    """Try everything, or everything of one reason. `late` is the way into closed months, for whoever has permission."""

    price: PriceUploads
    correct: CorrectReading | None = None
    records: CorrectionRecords | None = None
    late: RecordLate | None = None

    def __call__(self, reason: Reason | None = None, said: tuple[str, str] | None = None) -> Replayed:
        """`said`, who and why, is the permission to change closed months.

        Raises `SomeoneElseWrote` or `Unavailable`: what was released until then is released; replay again.
        """
        waiting = [kept for kept in self.price.quarantine.kept() if reason is None or kept.reason is reason]
        if said is not None and self.late is not None:  # all at once: a month is reopened once, whatever waits for it
            records = [kept.data for kept in waiting if kept.reason is not Reason.NOTHING_TO_CORRECT]
            self.late(records, *said, strangers={kept.data for kept in waiting if kept.reason in AT_THE_DOOR})
        stays: list[tuple[Kept, str]] = []
        for kept in waiting:
            refusal = self._refusal(kept, said)
            if refusal:
                stays.append((kept, refusal))
            else:
                self.price.quarantine.release(kept.id)
        return Replayed(len(waiting), len(waiting) - len(stays), tuple(stays))

    def _refusal(self, kept: Kept, said: tuple[str, str] | None) -> str:
        """Why it stays; empty when all of it was accepted, or what was not waits apart by now."""
        if kept.reason is Reason.NOTHING_TO_CORRECT:
            return self._correct(kept, said)
        stays = ""
        for refused in self.price.refused(kept.data, vouched=kept.reason not in AT_THE_DOOR):
            if refused.data == kept.data:
                stays = str(refused.refusal)
            else:
                refused.keep_in(self.price.quarantine)
        return stays

    def _correct(self, kept: Kept, said: tuple[str, str] | None) -> str:
        if self.correct is None or self.records is None:
            return kept.text
        try:
            device, correction = self.records.correction(kept.data)
            self.correct(self.price.points.of_device(device), correction, reopen=said is not None)
        except (CannotUnderstand, Refusal) as refusal:
            return str(refusal)
        return ""
