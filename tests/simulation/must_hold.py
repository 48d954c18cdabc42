"""What must hold always, and what must hold once all is well again and everything is sent, priced and closed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.correction_records import WattledgerCorrections
from application.ports import Reason
from application.refused import AT_THE_DOOR
from application.verify_ledger import VerifyLedger
from domain.events import PeriodClosed, PeriodRerated
from domain.money import MICRO, NANO
from domain.terms import BillingMonth
from tests.simulation.accounts import accounts
from tests.simulation.cloud import Worker
from tests.simulation.disk import Disk
from tests.simulation.plant import POINT, STEP
from tests.simulation.told import Place, Told
from tests.simulation.violation import Broken, Violation

AHEAD = timedelta(minutes=10)
"""Two clocks are never the same; beyond that, nothing of the future has a price."""

if TYPE_CHECKING:
    from tests.simulation.world import World


def check_always(world: "World", twice: Sequence[Place]) -> None:
    """After every step."""
    if twice:
        raise Violation(Broken.TWICE, f"{twice[0][0]} {twice[0][1].isoformat()}")
    if world.told.latest + STEP > world.clock.instant + AHEAD:
        raise Violation(Broken.INVENTED, f"{world.told.latest.isoformat()} has not come yet, and has its energy")
    for disk in world.device.shelf.disks:
        check_marks(disk, world.road.arrived)


def check_marks(disk: Disk, arrived: Mapping[tuple[str, int], bytes]) -> None:
    """What the store would not send again has arrived, or stands in another cycle."""
    aside = {cycle.seq for cycle, _ in disk.set_aside_cycles()}
    for seq in (disk.committed.keys() | set(disk.merged.values())) - disk.unmarked() - disk.merged.keys() - aside:
        if (disk.store, seq) not in arrived:
            raise Violation(Broken.MARKED, f"cycle {seq} of {disk.store}")


def check_in_the_end(world: "World") -> None:
    check_history(world)
    check_quarantine(world)
    accounts(world)
    check_days(world.told)
    check_corrections(world)
    check_bills(world)
    check_sinks(world)
    check_view(world)
    check_verified(world)


def check_quarantine(world: "World") -> None:
    """By now every reading's time has come, every swap is registered, every closed month was open to what was late."""
    allowed = set[Reason]()
    if world.device.clock_was_wrong:  # nobody can know when it really was
        allowed |= {Reason.BAD_READING, Reason.ENERGY_DISAGREES, Reason.JUMP}
    worker, kept_noise = Worker(world.cloud), set[bytes]()
    for kept in world.cloud.quarantine.kept():
        if kept.reason is Reason.NOTHING_TO_CORRECT:
            _, correction = WattledgerCorrections().correction(kept.data)
            if (correction.meter, correction.start) in world.told.now:
                raise Violation(Broken.QUARANTINE, f"a correction that has its reading by now: {kept.text}")
            continue
        if kept.reason is Reason.UNREADABLE and kept.data in world.noise:
            kept_noise.add(kept.data)
            continue
        # it waits for the reasons of today, not for those of its coming; a part of what was signed has no signature
        refused = worker.price.refused(kept.data, vouched=kept.reason not in AT_THE_DOOR)
        if not refused:
            raise Violation(Broken.QUARANTINE, f"what would be accepted: {kept.text}")
        for one in refused:
            if one.reason not in allowed:
                raise Violation(Broken.QUARANTINE, f"{one.reason}: {one.refusal}")
    if kept_noise != world.noise:
        raise Violation(Broken.LOST, "noise came, and nobody kept it")


def check_days(told: Told) -> None:
    for (meter, start), word in told.first.items():
        if start.astimezone(POINT.zone).date() != word.day:
            raise Violation(Broken.DAY, f"{meter} {start.isoformat()} on {word.day}")


def check_corrections(world: "World") -> None:
    for (meter, start), asked in world.office.corrected.items():
        if (meter, start) not in world.told.now:
            continue  # it waits for its reading
        word = world.told.now[meter, start]
        if (word.wh, word.varh) not in asked:
            raise Violation(Broken.CORRECTED, f"{meter} {start.isoformat()}: {asked} became {(word.wh, word.varh)}")


def check_bills(world: "World") -> None:
    """The last bill of each month against the readings and the costs that the ledger tells one by one."""
    told, bills, allocated = world.told, {}, {}
    true_up: dict[object, Counter[str]] = defaultdict(Counter)
    for event in told.periods:
        if isinstance(event, PeriodClosed | PeriodRerated):
            bills[event.bill.first], allocated[event.bill.first] = event.bill, event.allocated
        first = event.bill.first if isinstance(event, PeriodClosed | PeriodRerated) else event.first
        for amounts in (getattr(event, "reversed_nano", {}), getattr(event, "true_up_nano", {})):
            true_up[first].update(amounts)
    for first in world.months():
        if first not in bills:
            raise Violation(Broken.STUCK, f"{first:%Y-%m} has no bill")
        bill, wanted = bills[first], Counter[str]()
        wh = sum(
            word.wh for (meter, _), word in told.now.items() if meter == "main" and word.day.replace(day=1) == first
        )
        if bill.determinants.total_wh != wh:
            raise Violation(Broken.BILL, f"{first:%Y-%m} bills {bill.determinants.total_wh} Wh of {wh}")
        for (month, meter, code), nano in told.live_nano.items():
            if (month, meter) == (first, "main"):
                wanted[code] += nano
        wanted.update(true_up[first])
        found = bill.nano_by_code()
        if off := [code for code in {*wanted, *found} if wanted[code] != found[code]]:
            raise Violation(Broken.BILL, f"{first:%Y-%m} in {sorted(off)}")
        shares = Counter[str]()
        for by_code in allocated[first].micro.values():
            shares.update(by_code)
        if off := [code for code in {*shares, *found} if shares[code] * (NANO // MICRO) != found[code]]:
            raise Violation(Broken.SHARES, f"{first:%Y-%m} in {sorted(off)}")


def check_sinks(world: "World") -> None:
    """A sink has each cost once: what it holds adds up to the bills, and it knows every interval."""
    told = world.told
    for name, sink in world.cloud.sinks.items():
        known = {(cost.meter, cost.start) for cost in sink.costs.values() if cost.kind == "provisional"}
        if lacks := told.first.keys() - known:
            raise Violation(Broken.SINK, f"{name} does not know {len(lacks)} intervals")
        energy = Counter[str]()
        for cost in sink.costs.values():
            energy[cost.meter] += cost.energy_wh
        for meter in POINT.meters:
            wh = sum(word.wh for (one, _), word in told.now.items() if one == meter)
            if energy[meter] != wh:
                raise Violation(Broken.SINK, f"{name} has {energy[meter]} Wh of {meter}, the ledger {wh}")
        for first in world.months():
            month = BillingMonth(first, POINT.zone)
            bill = world.cloud.opened().periods.get(POINT.id, month).bill
            of_month = [c for c in sink.costs.values() if c.billed and month.start_utc <= c.start < month.end_utc]
            if bill is None or sum(cost.total_nano for cost in of_month) != bill.total * NANO:
                raise Violation(Broken.SINK, f"the costs of {name} are not the bill of {first:%Y-%m}")


def check_view(world: "World") -> None:
    live, anew = world.cloud.view, world.parts.view(Path(":memory:"))
    ledger = world.cloud.opened().ledger
    world.parts.rebuild(ledger, anew)
    before = live.digest()
    if before != anew.digest():
        raise Violation(Broken.VIEW, "it differs from one that is built anew beside it")
    world.parts.rebuild(ledger, live)
    if live.digest() != before:
        raise Violation(Broken.VIEW, "it is another one once it was rebuilt")


def check_verified(world: "World") -> None:
    worker = Worker(world.cloud)
    found = VerifyLedger(worker.ledger, worker.periods, worker.terms_of)([worker.sites.of_device(POINT.device)])
    if not found.holds:
        raise Violation(Broken.VERIFIED, str(found.differences[0]))


def check_history(world: "World") -> None:
    """What was stored is what was stored when it was first read."""
    again = Told()
    again.read(world.cloud.events)
    if again.digests[: len(world.told.digests)] != world.told.digests:
        raise Violation(Broken.HISTORY, "an event that was stored is another one now")
