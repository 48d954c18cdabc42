"""Any life of a store, in any order: hypothesis chooses, and a model of a few lines says what must be there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from adapters.memory import MemoryOutbox
from adapters.sqlite_outbox import SqliteOutbox
from application.ports import Merge, Outbox, StoreFull
from domain.upload import ClockFacts, ClockState

BODIES = st.binary(max_size=300) | st.integers(3000, 12_000).map(bytes)
WALL_MS = st.none() | st.integers(-(10**15), 10**15)
CLOCKS = st.none() | st.builds(
    ClockFacts, st.sampled_from("ab"), st.integers(0, 10**9), WALL_MS, st.sampled_from(ClockState)
)


class OutboxLife(RuleBasedStateMachine):
    """`rows` must be there, by seq; `place` is their order; `doubtful` what a power cut may make pending again."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = self.created()
        self.rows: dict[int, bytes] = {}
        self.place: dict[int, int] = {}
        self.seq_of: dict[str, int] = {}
        self.thinned: set[int] = set()
        self.pending: set[int] = set()
        self.doubtful: set[int] = set()
        self.highest = self.polls = 0

    def created(self) -> Outbox:
        raise NotImplementedError

    def cut(self) -> None:
        """The power goes and comes."""

    def shut_down(self) -> None:
        """An orderly end, and a start."""

    def fill_up(self) -> None:
        raise NotImplementedError

    def make_room(self) -> None:
        raise NotImplementedError

    @rule(body=BODIES, clock=CLOCKS)
    def store(self, body: bytes, clock: ClockFacts | None) -> None:
        self.polls += 1
        seq = self.outbox.append(f"boot/{self.polls}", body, clock)
        assert seq > self.highest, "a number was given twice"
        self.highest = seq
        self.rows[seq], self.place[seq], self.seq_of[f"boot/{self.polls}"] = body, seq, seq
        self.pending.add(seq)
        self.doubtful.clear()

    @precondition(lambda self: self.seq_of)
    @rule(data=st.data())
    def store_again(self, data: st.DataObject) -> None:
        poll = data.draw(st.sampled_from(sorted(self.seq_of)))
        assert self.outbox.append(poll, b"said again") == self.seq_of[poll]

    @rule(many=st.integers(1, 9), taken=st.integers(0, 511))
    def send(self, many: int, taken: int) -> None:
        cycles = self.outbox.pending(many)
        assert [cycle.seq for cycle in cycles] == sorted(self.pending)[:many]
        seqs = {cycle.seq for i, cycle in enumerate(cycles) if taken >> i & 1}
        self.outbox.acknowledge(seqs)
        self.pending -= seqs
        self.doubtful |= seqs

    @rule()
    def make_marks_durable(self) -> None:
        self.outbox.flush()
        self.doubtful.clear()

    @rule(keep=st.integers(0, 5))
    def forget(self, keep: int) -> None:
        newest = max(self.rows, default=0)
        gone = {seq for seq in self.rows.keys() - self.pending if seq <= self.highest - max(keep, 1) and seq != newest}
        assert self.outbox.forget(keep) == len(gone)
        self.drop(gone)
        self.doubtful.clear()

    @rule(first=st.integers(0, 3), many=st.integers(1, 4))
    def thin(self, first: int, many: int) -> None:
        known = sorted(self.pending - self.thinned, key=self.place.__getitem__)[: first + many]
        cycles = self.outbox.as_polled(0, first + many)
        assert [cycle.seq for cycle in cycles] == known
        seqs = tuple(cycle.seq for cycle in cycles[first:])
        if not seqs:
            return
        place, polls = self.place[seqs[-1]], [poll for poll, seq in self.seq_of.items() if seq == seqs[-1]]
        self.outbox.replace([Merge(seqs, b"thinned", 15)])
        self.drop(set(seqs))
        self.highest += 1
        self.rows[self.highest], self.place[self.highest] = b"thinned", place
        self.seq_of.update(dict.fromkeys(polls, self.highest))
        self.thinned.add(self.highest)
        self.pending.add(self.highest)

    @rule()
    def power_cut(self) -> None:
        self.cut()
        found = {cycle.seq for cycle in self.outbox.pending(9999)}
        assert self.pending <= found <= self.pending | self.doubtful
        self.pending = found
        self.doubtful.clear()

    @rule()
    def restart(self) -> None:
        self.shut_down()
        self.doubtful.clear()

    @rule(room=st.booleans())
    def find_no_room(self, room: bool) -> None:
        """What a full store refuses is not there; the same key is stored once there is room."""
        self.fill_up()
        poll = f"boot/{self.polls + 1}"
        with pytest.raises(StoreFull):
            self.outbox.append(poll, bytes(200_000))
        self.everything_is_there()
        self.make_room()
        if room:
            self.store(b"at last", None)

    @invariant()
    def everything_is_there(self) -> None:
        order = sorted(self.rows, key=self.place.__getitem__, reverse=True)
        assert [(cycle.seq, cycle.body) for cycle in self.outbox.newest_first()] == [(s, self.rows[s]) for s in order]
        assert [cycle.seq for cycle in self.outbox.pending(9999)] == sorted(self.pending)
        assert (self.outbox.backlog(), self.outbox.last_seq) == (len(self.pending), self.highest)

    def drop(self, seqs: set[int]) -> None:
        self.pending -= seqs
        self.rows = {seq: body for seq, body in self.rows.items() if seq not in seqs}
        self.seq_of = {poll: seq for poll, seq in self.seq_of.items() if seq not in seqs}


class LifeInMemory(OutboxLife):
    def created(self) -> Outbox:
        self.memory = MemoryOutbox()
        return self.memory

    def fill_up(self) -> None:
        self.memory.most_cycles = len(self.rows)

    def make_room(self) -> None:
        self.memory.most_cycles = 10_000


class LifeOnDisk(OutboxLife):
    folder: TemporaryDirectory[str]

    def created(self) -> Outbox:
        self.folder = TemporaryDirectory()
        return self.opened()

    def opened(self) -> SqliteOutbox:
        self.sqlite = SqliteOutbox(Path(self.folder.name) / "outbox.sqlite")
        return self.sqlite

    def cut(self) -> None:
        self.sqlite.abandon()
        self.outbox = self.opened()

    def shut_down(self) -> None:
        self.sqlite.close()
        self.outbox = self.opened()

    def fill_up(self) -> None:
        self.sqlite._db.execute("PRAGMA max_page_count = 1").fetchone()

    def make_room(self) -> None:
        self.sqlite._db.execute("PRAGMA max_page_count = 100000").fetchone()

    def teardown(self) -> None:
        self.sqlite.abandon()
        self.folder.cleanup()


@pytest.mark.parametrize("life", [LifeInMemory, LifeOnDisk], ids=["memory", "disk"])
def test_any_life_of_a_store_keeps_what_it_was_given(life: type[OutboxLife]) -> None:
    run_state_machine_as_test(life, settings=settings(max_examples=25, stateful_step_count=25))


class ForgetsWhatWaits(MemoryOutbox):
    def forget(self, keep: int) -> int:
        self._pending.clear()
        return super().forget(keep)


class TakesTheWordOfTheSecond(MemoryOutbox):
    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        seq = super().append(poll, body, clock)
        self._cycles[seq] = type(self._cycles[seq])(seq, body)
        return seq


class PutsThinnedCyclesLast(MemoryOutbox):
    def _place(self, seq: int) -> int:
        return seq


@pytest.mark.parametrize(
    "broken", [ForgetsWhatWaits, TakesTheWordOfTheSecond, PutsThinnedCyclesLast], ids=lambda one: one.__name__
)
def test_a_planted_bug_is_found(broken: type[MemoryOutbox]) -> None:
    class Broken(LifeInMemory):
        def created(self) -> Outbox:
            self.memory = broken()
            return self.memory

    searching: Any = settings(max_examples=200, phases=[Phase.generate], derandomize=True, report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=searching)
