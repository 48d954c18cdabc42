"""Many uploads at once, as a stream delivers them: all that they bring is one write."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports import OneWrite, SomeoneElseWrote
from application.price_uploads import PriceUploads


@dataclass(frozen=True)
class PriceBatch:
    """Price records in order and store what they bring together: a disk waits once for all of them.

    Where somebody else wrote meanwhile nothing of it is stored, and the records are priced one by one, a write each.
    """

    price: PriceUploads
    writes: OneWrite

    def __call__(self, records: Sequence[bytes]) -> None:
        """Raises `SomeoneElseWrote` or `Unavailable`: deliver all again; what is known by then costs nothing."""
        try:
            with self.writes.at_once():
                refused = [one for data in records for one in self.price.refused(data)]
        except SomeoneElseWrote:
            self.price(records)
            return
        for one in refused:
            one.keep_in(self.price.quarantine)
