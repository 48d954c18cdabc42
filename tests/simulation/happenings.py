"""What can happen: on the device, on the line, in the cloud, and by the people of the plant."""

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from application.ports import StreamRecord
from domain.site_events import MeterSwapped
from tests.simulation.cloud import DIES, NEXT, SAME
from tests.simulation.disk import AFTER, BEFORE
from tests.simulation.plant import MODULUS, MONTH_END, POINT, STEP
from tests.simulation.road import CUT_OFF, EXPIRED, FORBIDDEN, LOST_REPLY, PARTLY, THROTTLED
from tests.simulation.sinks import AFTER as WRITES
from tests.simulation.sinks import BEFORE as REFUSES
from tests.simulation.sinks import DEAD
from tests.simulation.steps import ACTIONS, between, happens, one_of

if TYPE_CHECKING:
    from tests.simulation.world import World

WH = one_of(0, 1, 3_000, 7_001, 12_000)
MOMENT = one_of(-1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25, 30)
CUT = between(0, 24)


def recent_or_not(chance: Random) -> int:
    return chance.choice([chance.randint(0, 7), chance.randint(0, 10_000)])


MINUTES_OFF = one_of(5, -5, 5, -5, 60, -60, 65, -65, -65, -65, -65, -125, -125, -125, 43_200, -43_200)


@happens("the plant begins {polls} polls before the month ends", 0, polls=one_of(-60, 3, 12, 40, 90, 3_000))
def the_plant_begins(world: "World", polls: int) -> None:
    world.clock.instant = MONTH_END - polls * STEP
    world.device.boot()


# The device


@happens(
    "five minutes pass: main {main} Wh, oven {oven} Wh; {silent} silent",
    30,
    always=True,
    main=WH,
    oven=WH,
    silent=one_of("nobody is", "nobody is", "nobody is", "oven is", "main is", "both are"),
)
def a_poll(world: "World", main: int, oven: int, silent: str) -> None:
    board = world.taken.board
    quiet = {"nobody is": [], "oven is": ["oven"], "main is": ["main"], "both are": ["main", "oven"]}
    board.silent = frozenset(quiet[silent])
    world.minutes_pass({"main": main, "oven": oven})
    board.silent = frozenset()


@happens(
    "{polls} polls go by: main {main} Wh, oven {oven} Wh each", 10, always=True, polls=between(2, 14), main=WH, oven=WH
)
def quiet_time(world: "World", polls: int, main: int, oven: int) -> None:
    for i in range(polls):
        world.minutes_pass({"main": max(0, main - i), "oven": oven})


@happens("the power goes at moment {moment} of a poll, and is back at once", 5, moment=CUT, main=WH, oven=WH)
def a_power_cut(world: "World", moment: int, main: int, oven: int) -> None:
    if world.device.power:
        world.device.fuse.set(moment)
        world.minutes_pass({"main": main, "oven": oven})
        world.device.fuse.set(None)


@happens("the power goes", 1)
def the_power_goes(world: "World") -> None:
    if world.device.power:
        world.device.lose_power()
        world.device.power = False


@happens("the power is back", 3)
def the_power_is_back(world: "World") -> None:
    if not world.device.power:
        world.device.power = True
        world.device.boot()


@happens("the device starts anew within the same five minutes", 3)
def a_restart(world: "World") -> None:
    if world.device.power:
        world.device.lose_power()
        world.device.boot()
        if world.swapped_at != world.clock.instant:  # what a new meter shows is of a minute later
            world.device_turns()


@happens("the disk {how}", 5, how=one_of(BEFORE, AFTER))
def the_disk_fails(world: "World", how: str) -> None:
    world.device.disk.fails = how


@happens("the disk has room for {cycles} cycles more", 4, cycles=one_of(0, 0, 1, 3, 8, 15))
def the_disk_is_small(world: "World", cycles: int) -> None:
    world.device.disk.has_room_for(cycles)


@happens("the disk has room again", 2)
def the_disk_has_room(world: "World") -> None:
    world.device.disk.has_room()


@happens("the store is damaged: at the next poll a fresh one takes its place", 1)
def the_store_breaks(world: "World") -> None:
    world.device.shelf.breaks = world.device.power


@happens(
    "the device's clock is set {minutes} minutes off",
    2,
    minutes=MINUTES_OFF,
)
def the_clock_is_set(world: "World", minutes: int) -> None:
    if not world.device.clock_must_be_right:
        world.device.offset = timedelta(minutes=minutes)
        world.device.clock_was_wrong = True


@happens("the device's clock is right again", 3)
def the_clock_is_right(world: "World") -> None:
    world.device.offset, world.device.clock_is_dead = timedelta(0), False


@happens("the clock's battery is dead, and the power goes for a moment", 1)
def the_clock_dies(world: "World") -> None:
    if world.device.clock_must_be_right:
        return
    world.device.clock_is_dead = world.device.clock_was_wrong = True
    if world.device.power:
        world.device.lose_power()
        world.device.boot()


@happens("{days} days pass, with one poll each: main {main}, oven {oven} Wh", 1, days=between(1, 9), main=WH, oven=WH)
def days_pass(world: "World", days: int, main: int, oven: int) -> None:
    for _ in range(days):
        world.clock.instant += timedelta(days=1) - STEP
        world.minutes_pass({"main": main, "oven": oven})


@happens("{meter} loses its memory and counts from zero", 1, meter=one_of("main", "oven"))
def a_reset(world: "World", meter: str) -> None:
    if world.taken.board.meters[meter].may_begin_anew:
        world.taken.board.meters[meter].begins_anew()


@happens(
    "another device takes the place of {meter}, showing {shows} Wh",
    2,
    meter=one_of("main", "oven"),
    shows=one_of(0, 777, 1_000_000, MODULUS - 500),
)
def a_swap(world: "World", meter: str, shows: int) -> None:
    """Somebody notes the true time. Where the device's clock is wrong, nobody could find that time in its readings."""
    if world.device.clock_was_wrong or not world.taken.has_read_the_new(meter):
        return
    world.swapped_at = world.clock.instant
    counting = world.taken.board.meters[meter]
    last, world.device.clock_must_be_right = counting.shown(), True
    counting.is_replaced(shows)
    told = MeterSwapped(
        meter,
        world.clock.instant + timedelta(minutes=1),
        last,
        counting.shown(),
        POINT.meters[meter],
        f"{meter}-{counting.serial}",
    )
    world.office.swaps.append(told)


@happens("the swaps of meters are registered, dying at moment {moment}", 2, moment=one_of(-1, 0, 1, 2, 3))
def swaps_are_told(world: "World", moment: int) -> None:
    world.office.tell_swaps(moment)


# The line


@happens("the line goes down", 4)
def the_line_goes(world: "World") -> None:
    world.line.up = False


@happens("the line is up", 5)
def the_line_is_up(world: "World") -> None:
    world.line.up = True


@happens(
    "AWS: the next call {trouble}",
    8,
    trouble=one_of(LOST_REPLY, CUT_OFF, CUT_OFF, PARTLY, PARTLY, THROTTLED, EXPIRED, FORBIDDEN),
)
def a_call_fails(world: "World", trouble: str) -> None:
    world.line.trouble = trouble


@happens("the line is good for a while: everything is sent", 4)
def all_is_sent(world: "World") -> None:
    if world.device.power:
        world.device.live(world.device.uploads)


@happens("the power goes at moment {moment} of sending", 3, moment=CUT)
def a_cut_while_sending(world: "World", moment: int) -> None:
    if world.device.power:
        world.device.fuse.set(moment)
        world.device.live(world.device.uploads)
        world.device.fuse.set(None)


@happens("{records} records are delivered once more", 3, records=between(1, 20))
def records_come_again(world: "World", records: int) -> None:
    world.road.redeliver(records)


@happens("waiting records change places ({seed})", 3, seed=between(0, 99))
def records_change_places(world: "World", seed: int) -> None:
    world.road.shuffle(Random(seed))


@happens("noise number {seed} comes out of the stream", 1, seed=between(0, 3))
def noise_arrives(world: "World", seed: int) -> None:
    noise = f"noise {seed}".encode()
    world.noise.add(noise)
    world.road.records.append(StreamRecord(POINT.device, noise))


# The cloud


@happens(
    "consumer {who} takes {records} records; at moment {moment} {meanwhile}",
    14,
    always=True,
    who=between(0, 1),
    records=between(1, 12),
    moment=MOMENT,
    meanwhile=one_of(DIES, SAME, NEXT),
)
def a_consumer_works(world: "World", who: int, records: int, moment: int, meanwhile: str) -> None:
    world.cloud.consume(who, records, moment, meanwhile)


@happens("sink {sink} {how}", 5, sink=one_of("hot", "lake"), how=one_of(WRITES, REFUSES, DEAD))
def a_sink_fails(world: "World", sink: str, how: str) -> None:
    world.cloud.sinks[sink].fails = how


@happens("publisher {who} works, dying at moment {moment}", 10, who=between(0, 1), moment=MOMENT)
def a_publisher_works(world: "World", who: int, moment: int) -> None:
    world.cloud.publish(who, moment)


@happens("the view catches up, dying at moment {moment}", 4, moment=one_of(-1, 3, 7, 12, 18, 25, 33, 42, 60, 80))
def the_view_catches_up(world: "World", moment: int) -> None:
    world.cloud.look_on(moment)


# People


@happens(
    "ana corrects interval {choice} from the newest on to {wh} Wh, dying at moment {moment}; closed months: {reopen}",
    4,
    choice=recent_or_not,
    wh=between(0, 12_000),
    moment=MOMENT,
    reopen=one_of(True, False),
)
def a_correction(world: "World", choice: int, wh: int, moment: int, reopen: bool) -> None:
    known = sorted(world.told.now, key=lambda place: (place[1], place[0]), reverse=True)
    if known:
        meter, start = known[choice % len(known)]
        world.office.correct(meter, start, wh, moment, reopen)


@happens(
    "ana corrects, {ahead} polls too early, an interval of {meter} to {wh} Wh",
    1,
    ahead=between(0, 5),
    meter=one_of("main", "oven"),
    wh=between(0, 12_000),
)
def an_early_correction(world: "World", ahead: int, meter: str, wh: int) -> None:
    world.office.correct(meter, world.clock.instant + ahead * STEP, wh, -1, False)


@happens("the month is closed, dying at moment {moment}", 3, moment=one_of(-1, -1, 5, 20, 40, 70, 100, 150))
def a_month_closes(world: "World", moment: int) -> None:
    months = world.months()
    if months:
        world.office.close(months[0], moment)


@happens(
    "quarantine is replayed; closed months: {permitted}; dying at moment {moment}",
    3,
    permitted=one_of(True, False),
    moment=one_of(-1, -1, 3, 8, 15, 30, 80),
)
def quarantine_is_replayed(world: "World", permitted: bool, moment: int) -> None:
    world.office.replay(permitted, moment)


@happens("other rates are published, {percent} percent of the first", 1, percent=one_of(90, 110, 125))
def rates_are_published(world: "World", percent: int) -> None:
    world.office.publish_rates(percent)


@happens("closed months are billed by today's rates, dying at moment {moment}", 2, moment=one_of(-1, -1, 5, 20, 60))
def a_rerate(world: "World", moment: int) -> None:
    for first in world.months():
        world.office.rerate(first, moment)


__all__ = ["ACTIONS"]
