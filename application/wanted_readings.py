"""Which readings of a file are to be priced, and which cannot be because the tariff has no rates for their month."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.arrays.pricing import rates_for
from domain.errors import NoPriceInForce
from domain.tariff import Tariff
from domain.terms import BillingMonth, midnight_utc

HOUR_S = 3600


@dataclass(frozen=True)
class WantedReadings:
    """Answers for the interval that starts at an instant (UTC seconds). Both answers are worked out once an hour."""

    tariff: Tariff
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
            month = BillingMonth.of(datetime.fromtimestamp(start_s, UTC), self.zone)
            try:
                rates_for(self.tariff, month, self.rates_of)
                self._by_hour[hour] = ""
            except NoPriceInForce:
                self._by_hour[hour] = (
                    f"has no rate in tariff {self.tariff.id}, which covers {self.tariff.rate_table.coverage}"
                )
        return self._by_hour[hour]


def wanted_readings(
    tariff: Tariff, zone: ZoneInfo, first: date | None, end: date | None, rates_of: date | None
) -> WantedReadings:
    """Readings of the local days `[first, end)`; None is without limit."""
    first_s = int(midnight_utc(first, zone).timestamp()) if first else -(1 << 62)
    end_s = int(midnight_utc(end, zone).timestamp()) if end else 1 << 62
    return WantedReadings(tariff, zone, first_s, end_s, rates_of)
