"""What the utility bills, and the meters behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from domain.errors import BadReadings, NotYetCommissioned, UnknownMeter
from domain.measurement import MeterType, Swap, most_possible
from domain.terms import Contract

ALWAYS, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the supply point is billed by from a local day on: a tariff, by its full id, and the contract under it."""

    since: date
    tariff: str
    contract: Contract


@dataclass(frozen=True)
class SupplyPoint:
    """One main meter, which is billed, and any number of sub-meters, all read by one edge device.

    `tariff` is a full tariff id; it and `contract` hold from the beginning until the first of the `later` agreements,
    each of which holds until the next. `meter_changed` has the local days on which a new main meter took over.
    `step_minutes` is how often the device reads, `meters` every meter by its name. `since` and `until` are the UTC
    instants at which meters began and ceased to count, where that is not always; `away` has the `[left, came back)` in
    between; `swaps` those at which another meter took the place of one, the earliest first. `device_keys` are
    the public keys of the device: where there are any, what bears its name counts only if one of them signed it.
    """

    id: str
    device: str
    zone: ZoneInfo
    tariff: str
    contract: Contract
    main_meter: str
    meters: Mapping[str, MeterType]
    step_minutes: int = 5
    later: tuple[Agreement, ...] = ()
    meter_changed: tuple[date, ...] = ()
    since: Mapping[str, datetime] = field(default_factory=dict)
    until: Mapping[str, datetime] = field(default_factory=dict)
    swaps: Mapping[str, tuple[Swap, ...]] = field(default_factory=dict)
    away: Mapping[str, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    device_keys: tuple[str, ...] = ()

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """All of them, the earliest first."""
        return (Agreement(date.min, self.tariff, self.contract), *self.later)

    def meters_between(self, start: datetime, end: datetime) -> list[str]:
        """The meters that count at some instant of `[start, end)`, UTC."""
        return [
            meter
            for meter in self.meters
            if self.since.get(meter, ALWAYS) < end
            and start < self.until.get(meter, NEVER)
            and not any(left <= start and end <= back for left, back in self.away.get(meter, ()))
        ]

    def came(self, meter: str) -> datetime:
        """The UTC instant since when a meter counts without a break."""
        spells = self.away.get(meter, ())
        return spells[-1][1] if spells else self.since.get(meter, ALWAYS)

    @cached_property
    def step(self) -> timedelta:
        """How long its intervals are."""
        return timedelta(minutes=self.step_minutes)

    @cached_property
    def most_a_step(self) -> Mapping[str, int]:
        """Wh or varh that each meter may count in one step."""
        return {meter: most_possible(kind, self.step) for meter, kind in self.meters.items()}

    def unusual_over(self, start: datetime, end: datetime) -> set[str]:
        """Meters of which more must be known than their type, to measure `[start, end)`: they came, left or changed."""
        late = {meter for meter, since in self.since.items() if start < since}
        gone = {meter for meter, until in self.until.items() if until < end}
        return {*late, *gone, *self.away, *self.swaps}

    def meter_type(self, meter: str) -> MeterType:
        """What a meter can do today. Raises `UnknownMeter` for one that is not commissioned here."""
        found = self.meters.get(meter)
        if found is None:
            raise UnknownMeter(
                f"meter {meter!r} is not commissioned at {self.id}; register it, then replay its readings"
            )
        return found

    def check_counts(self, meter: str, start: datetime, end: datetime) -> None:
        """Whether a meter counts over `[start, end)`, UTC.

        Raises `UnknownMeter` for one that was not registered or has left, `NotYetCommissioned` before it began.
        """
        self.meter_type(meter)
        if start < (since := self.since.get(meter, ALWAYS)):
            raise NotYetCommissioned(
                f"meter {meter!r} counts at {self.id} since {since.isoformat()}; energy since {start.isoformat()} is "
                "older: if it counted then, register it earlier, then replay its readings"
            )
        if end > (until := self.until.get(meter, NEVER)):
            raise UnknownMeter(
                f"meter {meter!r} left {self.id} at {until.isoformat()}; energy until {end.isoformat()} is younger: if "
                "it counts again, register it with the since of its return, then replay its readings"
            )
        for left, back in self.away.get(meter, ()):
            if start < back and left < end:
                raise UnknownMeter(
                    f"meter {meter!r} was away from {self.id} from {left.isoformat()} to {back.isoformat()}; energy "
                    f"from {start.isoformat()} to {end.isoformat()} is none of its: if it came back earlier, register "
                    "it so, then replay its readings"
                )

    def swap_between(self, meter: str, start: datetime, end: datetime) -> Swap | None:
        """The swap of a meter between two readings; one at the very instant of a reading comes before it.

        Raises `BadReadings` where there are two: the registers in between were never read.
        """
        found = [swap for swap in self.swaps.get(meter, ()) if start < swap.at <= end]
        if len(found) > 1:
            raise BadReadings(
                f"meter {meter!r} was swapped {len(found)} times between {start.isoformat()} and {end.isoformat()}; "
                "one device was never read: correct the intervals by hand"
            )
        return found[0] if found else None

    def meter_type_at(self, meter: str, at: datetime) -> MeterType:
        """What a meter could do at a UTC instant, before it was swapped for another."""
        return next((swap.before for swap in self.swaps.get(meter, ()) if at < swap.at), self.meter_type(meter))
