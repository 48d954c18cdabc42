"""START HERE. One simulated plant, from its meters to its bills: it lives through a plan, is healed, and is looked at.

The simulation owns time, chance, disk, line and power; everything between them is the house's own code. Nothing is
random but the plan, so a plan that runs again gives the same ledger, byte by byte.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from adapters.memory import SetClock
from application.project import catch_up
from domain.tariff import Tariff
from tests.simulation.cloud import Cloud
from tests.simulation.device import Device
from tests.simulation.must_hold import check_always, check_in_the_end
from tests.simulation.office import Office
from tests.simulation.parts import SOUND, Parts
from tests.simulation.plant import MONTH_END, STEP, Switchboard, tariff
from tests.simulation.power import PowerCut
from tests.simulation.road import Endpoint, Road
from tests.simulation.steps import ACTIONS, Step
from tests.simulation.taken import Taken
from tests.simulation.told import Told
from tests.simulation.violation import Broken, Violation

TARIFF: list[Tariff] = []
LONGEST_DRAIN = 300
LATER = timedelta(days=40)
"""By then what was of the future when it came is of the past."""


@dataclass
class World:
    """Everything there is. `clock` is the true time."""

    parts: Parts = SOUND

    def __post_init__(self) -> None:
        if not TARIFF:
            TARIFF.append(tariff())
        self.clock = SetClock(MONTH_END - timedelta(hours=2))
        self.road = Road()
        self.line = Endpoint(self.road, self.clock.now, self.signing_time)
        self.taken = Taken(Switchboard())
        self.device = Device(self.parts, self.clock.now, self.taken, self.line)
        self.cloud = Cloud(self.parts, self.clock, self.road, TARIFF[0])
        self.office = Office(self.cloud)
        self.told = Told()
        self.noise: set[bytes] = set()
        self.swapped_at: datetime | None = None

    def signing_time(self) -> datetime:
        """By which the device signs: what it takes for the server's time."""
        return self.device.server_time.now()

    def look(self) -> None:
        """After every step."""
        self.see_disks()
        twice = self.told.read(self.cloud.events)
        check_always(self, twice)

    def see_disks(self) -> None:
        for disk in self.device.shelf.disks:
            self.taken.see_disk(disk)

    def minutes_pass(self, energy_wh: dict[str, int]) -> None:
        """Five of them: the meters count, and the device has its turn."""
        self.clock.instant += STEP
        for meter, wh in energy_wh.items():
            self.taken.board.meters[meter].count(wh)
        if self.device.power:
            self.device_turns()

    def device_turns(self) -> None:
        device = self.device
        device.live(device.turn)
        if device.polled is not None:
            self.see_disks()
            self.taken.check_stored(device.polled)
            device.polled = None

    def months(self) -> list[date]:
        return sorted({word.day.replace(day=1) for word in self.told.now.values()})

    def heal(self) -> None:
        """Everything works again, people do what is left to do, and nothing may be left over."""
        self._heal_device()
        for who in (0, 1):
            while self.road.waiting:
                self.cloud.consume(who, 50, -1, "")
        self.look()
        self.clock.instant += LATER
        self.office.tell_swaps()
        self.office.replay(permitted=True)
        self.office.replay(permitted=True)  # what was a part of a record waits apart by now
        self.look()
        for first in self.months():
            self.office.close(first)
        self.look()
        for first in self.months():
            self.office.rerate(first)
        self.look()
        for sink in self.cloud.sinks.values():
            sink.fails = ""
        for _ in range(2):
            self.cloud.publish(0, -1)
        catch_up(self.cloud.opened().ledger, self.cloud.view)
        self.look()

    def close(self) -> None:
        for disk in self.device.shelf.disks:
            disk.close()

    def _heal_device(self) -> None:
        device = self.device
        device.fuse.set(None)
        device.offset, device.clock_is_dead = timedelta(0), False
        self.line.up, self.line.trouble = True, ""
        device.disk.fails = ""
        device.disk.has_room()
        self.taken.board.silent = frozenset()
        if not device.power:
            device.power = True
            device.boot()
        for _ in range(2):  # the first poll after an outage tells of it
            self.minutes_pass({})
        for _ in range(LONGEST_DRAIN):
            if not device.disk.backlog() and not device.shelf.to_be_sent:
                break
            device.uploads()
        else:
            raise Violation(Broken.STUCK, f"{device.disk.backlog()} cycles are never sent")
        self.look()


def run(plan: Sequence[Step], parts: Parts = SOUND) -> World:
    """Live through a plan and be looked at. Raises `Violation`."""
    with parts.in_place(), closing(World(parts)) as world:
        try:
            for step in plan:
                ACTIONS[step.action].run(world, **dict(step.values))
                world.look()
            world.heal()
            check_in_the_end(world)
        except (Violation, PowerCut):
            raise
        except Exception as fault:
            raise Violation(Broken.FAULT, f"{type(fault).__name__}: {fault}") from fault
    return world
