"""Readings of a closed month, with permission: reopen the month, record them, close it again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from application.ports import Reason
from application.price_uploads import PriceUploads
from application.refused import Refused
from application.reopen_period import AmendPeriod
from domain.supply_point import SupplyPoint
from domain.terms import BillingMonth


@dataclass(frozen=True)
class RecordLate:
    """Price records as ever; only what is refused because its month is closed reopens that month, once for all."""

    price: PriceUploads
    amend: AmendPeriod

    def __call__(
        self, records: Iterable[bytes], by: str, why: str, strangers: Collection[bytes] = ()
    ) -> list[BillingMonth]:
        """The months that were closed anew. What is refused for another reason goes to quarantine.

        Who gives the permission vouches for the records, but not for those of them that are `strangers`.

        Raises `BadReadings` without who or why, `SomeoneElseWrote` or `Unavailable`: do it again, and close the months
        that were left reopened.
        """
        by_month: dict[tuple[str, BillingMonth], tuple[SupplyPoint, list[Refused]]] = {}
        for data in records:
            for refused in self.price.refused(data, vouched=data not in strangers):
                if refused.reason is Reason.CLOSED_PERIOD and refused.day is not None:
                    point = self.price.points.of_device(refused.device)
                    month = BillingMonth(refused.day.replace(day=1), point.zone)
                    by_month.setdefault((point.id, month), (point, []))[1].append(refused)
                else:
                    refused.keep_in(self.price.quarantine)
        found: list[BillingMonth] = []
        for (_, month), (point, late) in sorted(by_month.items(), key=lambda one: (one[0][1].first, one[0][0])):
            again = [refused.data for refused in late]
            self.amend(point, month, (by, why), lambda again=again: self.price(again, vouched=True))  # type: ignore[misc]
            found.append(month)
        return found
