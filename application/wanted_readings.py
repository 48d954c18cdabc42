"""Which readings of a file are to be priced, and which cannot be because the tariff has no rates for their month."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.agreements import Agreements
from domain.errors import NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, Contract, midnight_utc

HOUR_S = 3600


@dataclass(frozen=True)
class WantedReadings:
    """Answers for the interval that starts at an instant (UTC seconds). Both answers are worked out once an hour."""

    agreements: Agreements
    zone: ZoneInfo
    first_s: int
    end_s: int
    rates_of: date | None
    _by_hour: dict[int, str] = field(default_factory=dict)

    def outside(self, start_s: int) -> bool:
        """Before the first day or after the last that were asked for: not looked at, and no fault."""
        return not self.first_s <= start_s < self.end_s

    def unpriced(self, start_s: int) -> str:
        """Why the interval has no price; empty when it has one."""
        hour = start_s // HOUR_S
        if hour not in self._by_hour:
            self._by_hour[hour] = self._fault(datetime.fromtimestamp(start_s, UTC))
        return self._by_hour[hour]

    def _fault(self, at: datetime) -> str:
        """A month is priced as a whole: a day without rates leaves it without a bill."""
        first = self.agreements.agreed[0].since
        if at.astimezone(self.zone).date() < first:
            return f"is before the first agreement, which holds since {first}"
        try:
            for _ in self.agreements.parts_of(BillingMonth.of(at, self.zone), self.rates_of):
                pass
        except NoPriceInForce as refusal:
            if len(self.agreements.agreed) > 1:
                return f"has no price: {str(refusal).partition(';')[0]}"
            tariff = self.agreements.agreed[0].tariff
            return f"has no rate in tariff {tariff.id}, which covers {tariff.rate_table.coverage}"
        return ""


def wanted_readings(
    tariff: Tariff, zone: ZoneInfo, first: date | None, end: date | None, rates_of: date | None
) -> WantedReadings:
    """Readings of the local days `[first, end)` under one tariff; None is without limit."""
    return wanted_by(Agreements.of(tariff, Contract()), zone, first, end, rates_of)


def wanted_by(
    agreements: Agreements, zone: ZoneInfo, first: date | None, end: date | None, rates_of: date | None
) -> WantedReadings:
    """Readings of the local days `[first, end)`; None is without limit."""
    first_s = int(midnight_utc(first, zone).timestamp()) if first else -(1 << 62)
    end_s = int(midnight_utc(end, zone).timestamp()) if end else 1 << 62
    return WantedReadings(agreements, zone, first_s, end_s, rates_of)
