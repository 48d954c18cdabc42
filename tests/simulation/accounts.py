"""Where every watt-hour went: each pair of readings that arrived, against what the ledger and quarantine say of it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from adapters.messages import WattledgerWire
from application.ports import CannotUnderstand
from domain.measurement import LONGEST_SPREAD
from domain.upload import ClockState
from tests.simulation.plant import METERS, MOST_WH, STEP
from tests.simulation.taken import Counted, Shown, shown
from tests.simulation.told import Told
from tests.simulation.violation import Broken, Violation

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings of a meter in one record: places in the chain of what was stored, and what was counted by them."""

    meter: str
    first: int
    last: int
    before: Shown
    after: Shown
    then: Counted
    now: Counted
    is_sure: bool
    """Whether somebody vouched for the clock that stamped it."""

    @property
    def starts(self) -> list[datetime]:
        many = (self.after[0] - self.before[0]) // STEP
        return [self.before[0] + STEP * i for i in range(many)]

    @property
    def possible(self) -> bool:
        """Whether its stamps can be: in order, and not too far apart."""
        return timedelta(0) < self.after[0] - self.before[0] <= LONGEST_SPREAD

    @property
    def knowable(self) -> bool:
        """Not where a meter began anew in between, or a wrong clock made of an hour five minutes."""
        return self.now.resets == self.then.resets and self.rise[0] <= MOST_WH * len(self.starts)

    @property
    def rise(self) -> tuple[int, int]:
        return self.now.wh - self.then.wh, self.now.varh - self.then.varh


def accounts(world: "World") -> None:
    pairs, waiting = _pairs_that_arrived(world), _pairs_that_wait(world)
    for meter in METERS:
        _check_nothing_is_lost(world, meter, pairs[meter])
        _Accounts(world.told, meter, pairs[meter], waiting, world.device.clock_was_wrong).check()
    _check_nothing_is_invented(world.told, pairs)
    _check_thinning_is_told(world)


def _pairs_that_arrived(world: "World") -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    taken, place = world.taken, dict[tuple[str, Shown], list[int]]()
    for meter, chain in taken.chain.items():
        for i, one in enumerate(chain):
            place.setdefault((meter, one), []).append(i)
    for data in world.road.arrived.values():
        upload = WattledgerWire().upload(data)
        is_sure = upload.clock is None or upload.clock.state is not ClockState.UNSYNCED
        for before, after in upload.readings:
            if before is None:
                continue
            meter, ends = after.meter, place.get((after.meter, shown(after)))
            begins = place.get((meter, shown(before)))
            if ends is None or begins is None:
                raise Violation(Broken.LOST, f"{meter} at {before.at.isoformat()} was sent, and is on no disk")
            last = ends[-1]
            first = max((i for i in begins if i < last), default=begins[0])
            then, now = (taken.counted[meter, shown(one)] for one in (before, after))
            found[meter].append(Pair(meter, first, last, shown(before), shown(after), then, now, is_sure))
    return found


def _pairs_that_wait(world: "World") -> set[tuple[str, Shown, Shown]]:
    found: set[tuple[str, Shown, Shown]] = set()
    unthinned = Counter[tuple[str, Shown, Shown]]()  # a thinned cycle may tell again what waits of its own ones
    for kept in world.cloud.quarantine.kept():
        try:
            upload = WattledgerWire().upload(kept.data)
        except CannotUnderstand:
            continue
        for before, after in upload.readings:
            if before is not None:
                key = (after.meter, shown(before), shown(after))
                unthinned[key] += upload.thinned is None
                found.add(key)
    for (meter, _, (at, *_)), times in unthinned.items():
        if times > 1:
            raise Violation(Broken.QUARANTINE, f"{meter} at {at.isoformat()} waits twice")
    return found


def _check_nothing_is_lost(world: "World", meter: str, pairs: list[Pair]) -> None:
    """Every step from one stored reading of a meter to the next is within a pair that arrived, or was set aside."""
    covered = {i for pair in pairs for i in range(pair.first, pair.last)}
    chain = world.taken.chain[meter]
    for i in range(len(chain) - 1):
        if i not in covered and not _set_aside(world, meter, chain[i + 1]):
            at = chain[i + 1][0].isoformat()
            raise Violation(Broken.LOST, f"{meter}: what the reading at {at} tells never arrived")


def _set_aside(world: "World", meter: str, one: Shown) -> bool:
    return any(
        (after.meter, shown(after)) == (meter, one)
        for disk in world.device.shelf.disks
        for cycle, _ in disk.set_aside_cycles()
        for _, after in WattledgerWire().readings(cycle.body)
    )


@dataclass(frozen=True)
class _Accounts:
    """One meter's pairs, each of which must be in the ledger with its own energy, a gap there, or in quarantine."""

    told: Told
    meter: str
    pairs: list[Pair]
    waiting: set[tuple[str, Shown, Shown]]
    clock_was_wrong: bool

    def check(self) -> None:
        right = [pair for pair in self.pairs if self._waits(pair) or self._is_right(pair)]
        wide = [pair for pair in right if pair.last - pair.first > 1]
        known = {id(pair) for pair in right}
        for pair in self.pairs:
            is_right = id(pair) in known or any(self._within(pair, other) for other in wide)
            if not is_right and not self._is_of_a_thinned_hour_lived_twice(pair):
                self._refuse(pair)
        for pair in right:
            self._check_quality(pair)

    def _waits(self, pair: Pair) -> bool:
        return (pair.meter, pair.before, pair.after) in self.waiting

    def _within(self, pair: Pair, other: Pair) -> bool:
        """Another pair tells this one's energy, as a part of its own: when it flowed is then an estimate."""
        return other.first <= pair.first and pair.last <= other.last

    def _is_of_a_thinned_hour_lived_twice(self, pair: Pair) -> bool:
        """Once a cycle was thinned, nobody can tell its own readings from those of the same stamps by a wrong clock."""
        words = [self.told.first.get((self.meter, start)) for start in pair.starts]
        return (
            self.clock_was_wrong
            and len(words) == 1
            and words[0] is not None
            and words[0].estimated
            and pair.starts[0] in self.told.thinned_starts
        )

    def _is_right(self, pair: Pair) -> bool:
        if not pair.possible:
            return False
        if not pair.knowable:
            return all((self.meter, start) in self.told.gaps for start in pair.starts)
        for words in (self.told.first, self.told.now):
            found = [words.get((self.meter, start)) for start in pair.starts]
            if None not in found:
                told = sum(word.wh for word in found if word), sum(word.varh for word in found if word)
                if told == pair.rise:
                    return True
        return False

    def _refuse(self, pair: Pair) -> None:
        where = f"{self.meter} from {pair.before[0].isoformat()} to {pair.after[0].isoformat()}"
        places = [(self.meter, start) for start in pair.starts]
        if not pair.knowable:
            raise Violation(Broken.GAP, f"{where}: nobody can know what it counted, and that is no gap in the ledger")
        if any(place in self.told.gaps for place in places):
            raise Violation(Broken.GAP, f"{where}: it counted {pair.rise[0]} Wh, and the ledger has a gap")
        known = [self.told.first[place] for place in places if place in self.told.first]
        if len(known) < len(places) or not pair.possible:
            raise Violation(Broken.LOST, f"{where}: {pair.rise[0]} Wh arrived, and are in no book")
        wh = sum(word.wh for word in known)
        raise Violation(Broken.ENERGY, f"{where}: {pair.rise[0]} Wh were counted, the ledger has {wh} Wh")

    def _check_quality(self, pair: Pair) -> None:
        """What is known of several intervals at once, or by a clock that nobody vouched for, is an estimate in each of
        them, unless it was known before.
        """
        if len(pair.starts) > 1 or not pair.is_sure or self._waits(pair):
            return
        word = self.told.first.get((self.meter, pair.starts[0])) if pair.starts else None
        unsure = [other for other in self.pairs if len(other.starts) > 1 or not other.is_sure]
        if word is not None and word.estimated and not any(pair.starts[0] in other.starts for other in unsure):
            raise Violation(Broken.QUALITY, f"{self.meter} {pair.starts[0].isoformat()} was measured")


def _check_nothing_is_invented(told: Told, pairs: dict[str, list[Pair]]) -> None:
    read: dict[str, set[datetime]] = {meter: set() for meter in METERS}
    single: dict[str, set[datetime]] = {meter: set() for meter in METERS}
    for meter, several in pairs.items():
        for pair in several:
            read[meter].update(pair.starts)
            if len(pair.starts) == 1 and pair.is_sure:
                single[meter].update(pair.starts)
    for (meter, start), word in told.first.items():
        if start not in read[meter]:
            raise Violation(Broken.INVENTED, f"{meter} {start.isoformat()}: {word.wh} Wh that nobody read")
        if not word.estimated and start not in single[meter]:
            raise Violation(Broken.QUALITY, f"{meter} {start.isoformat()} was never measured by itself")


def _check_thinning_is_told(world: "World") -> None:
    """Who stands for several cycles says so in the record; the ledger says so of each interval known by it alone."""
    merged = {(disk.store, seq) for disk in world.device.shelf.disks for seq in disk.merged.values()}
    for (store, seq), data in world.road.arrived.items():
        upload = WattledgerWire().upload(data)
        if upload.thinned is None and (store, seq) in merged:
            raise Violation(Broken.UNTOLD, f"cycle {seq} stands for others and does not say so")
        known_by_it = world.told.estimated.get(f"{store}/{seq}", set())
        if upload.thinned is not None and not known_by_it <= world.told.thinned_starts:
            raise Violation(Broken.UNTOLD, f"cycle {seq} of {upload.thinned.minutes} minutes is no event in the ledger")
