"""The peer of `wattledger simulate`: the eventsourcing library as its users begin, in memory, for one factory.

One aggregate per meter and day, one event per reading, with the energy since the one before and its price; one save
per poll, which is the fewest; the day's aggregates stay in hand, so nothing is ever loaded again. At the end the
notification log is read once and counted. There is no device, no outbox, no line that fails, no demand, no bill.
Run `python peer_eventsourcing.py DAYS`; it prints the number of readings.
"""

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

METERS = 10
STEPS_PER_DAY = 288
FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)
PER_KWH = (Decimal("0.8066"), Decimal("1.4986"), Decimal("1.7675"))


class MeterDay(Aggregate):
    """The readings of one meter on one day."""

    @event("Opened")
    def __init__(self, meter: str, day: str, register_wh: int) -> None:
        self.meter = meter
        self.day = day
        self.register_wh = register_wh
        self.cost = Decimal(0)

    @staticmethod
    def create_id(meter: str, day: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{meter}/{day}")

    def read(self, at: datetime, register_wh: int) -> None:
        energy_wh = register_wh - self.register_wh
        hour = at.hour
        rate = PER_KWH[0 if hour < 6 else 2 if 18 <= hour < 22 else 1]
        self.priced(at, register_wh, energy_wh, Decimal(energy_wh).scaleb(-3) * rate)

    @event("Priced")
    def priced(self, at: datetime, register_wh: int, energy_wh: int, cost: Decimal) -> None:
        self.register_wh = register_wh
        self.cost += cost


class Factory(Application[UUID]):
    """All days of all meters; its log hands out events by the thousand instead of by ten."""

    log_section_size = 1000


def simulate(days: int) -> int:
    """Readings recorded and found again in the log."""
    app = Factory()
    registers_wh = [1_000_000 * meter for meter in range(METERS)]
    for day in range(days):
        start = FIRST + timedelta(days=day)
        hands = [MeterDay(f"meter-{meter}", f"{start:%Y-%m-%d}", registers_wh[meter]) for meter in range(METERS)]
        for step in range(STEPS_PER_DAY):
            at = start + timedelta(minutes=5 * (step + 1))
            for meter, hand in enumerate(hands):
                registers_wh[meter] += 2_000 + (37 * step + 101 * meter) % 900
                hand.read(at, registers_wh[meter])
            app.save(*hands)
    return priced(app)


def priced(app: Factory) -> int:
    """Readings in the notification log."""
    found, start = 0, 1
    while section := app.notification_log.select(start=start, limit=1000):
        found += sum(notification.topic.endswith(".Priced") for notification in section)
        start = section[-1].id + 1
    return found


if __name__ == "__main__":
    print(simulate(int(sys.argv[1])))
