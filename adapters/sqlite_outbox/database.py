"""The device's outbox in one SQLite file: what was committed survives a power cut.

WAL with synchronous=FULL on one connection: with Python's defaults a power cut loses the last commit (the rollback
journal's deletion is not synced), and with NORMAL everything since the last checkpoint. At one commit every five
minutes FULL costs nothing. AUTOINCREMENT, because without it a `seq` could be given twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from heapq import merge as merged
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from adapters.sqlite_outbox.connecting import Connect, advice, asking, of_python, set_up
from adapters.sqlite_outbox.rows import COLUMNS, IS_WAITING, WAITING, Row, aside_mark, insert, prepare, row
from application.ports import Merge, StoreDamaged, StoredCycle, StoreFull, Unavailable
from domain.upload import ClockFacts

MOST_BYTES = 512 << 20
FILLING_PERCENT = 70
MARKS_HELD = 1000
"""So many marks wait for the next commit, more are made durable at once: a power cut sends these cycles again."""

SELECT = f"SELECT {COLUMNS} FROM cycle"  # noqa: S608  # ours
OLD_AND_SENT = f"""SELECT seq FROM cycle WHERE seq <= ? AND seq < (SELECT max(seq) FROM cycle)
    EXCEPT SELECT seq FROM cycle WHERE {IS_WAITING} EXCEPT SELECT seq FROM aside"""  # noqa: S608  # ours; no body is read
COUNT_WAITING = f"SELECT count(*) FROM cycle WHERE {IS_WAITING}"  # noqa: S608  # ours
DOES_IT_WAIT = f"SELECT 1 FROM cycle WHERE seq = ? AND {IS_WAITING}"  # noqa: S608  # ours
T = TypeVar("T")


class SqliteOutbox:
    """Outbox. One process, one connection, one caller at a time.

    Raises `StoreFull` at `most_bytes` or when the disk is full, `StoreDamaged` where the file is no longer what was
    written, `Unavailable` for whatever else the disk refuses.
    """

    def __init__(
        self,
        path: Path | str,
        store: str | None = None,
        *,
        most_bytes: int = MOST_BYTES,
        alone: bool = True,
        connect: Connect = of_python,
    ) -> None:
        """Open or create the file. `store` names a new store; by default its name is random."""
        self.path, self._connect, self._alone = str(path), connect, alone
        self._most_bytes = most_bytes
        self._marks: set[int] = set()
        self._last_seq, self._cycles, self._backlog, self._aside = 0, 0, 0, 0
        self._open()
        try:
            self._begin(store)
        except Unavailable:
            self._db.close()  # whoever tries again must find the file unlocked
            raise

    def _begin(self, store: str | None) -> None:
        with suppress(StoreFull):  # the last process may have died between writing and syncing; nobody was told yet
            self.checkpoint()
        with asking(f"the outbox {self.path} cannot be read"):
            if self._db.execute("SELECT store FROM identity").fetchone() is None:
                self._db.execute("INSERT INTO identity VALUES (?)", (store or token_hex(8),))
            (self._store,) = self._db.execute("SELECT store FROM identity").fetchone()
            self._count()

    @property
    def store(self) -> str:
        return str(self._store)

    @property
    def last_seq(self) -> int:
        return self._last_seq

    @property
    def advice(self) -> str:
        """What to do about the SQLite underneath; empty where there is nothing to do."""
        (version,) = self._db.execute("SELECT sqlite_version()").fetchone()
        major, minor, patch = (int(part) for part in version.split("."))
        return advice((major, minor, patch), self._alone)

    def append(self, poll: str, body: bytes, clock: ClockFacts | None = None) -> int:
        facts = (clock.wall_ms, clock.boot_ms, int(clock.state)) if clock else (None, None, None)
        return self._surely(
            lambda: self._store_cycle(poll, facts, body), f"poll {poll} may or may not be stored; store it again"
        )

    def pending(self, limit: int) -> Sequence[StoredCycle]:
        found: list[StoredCycle] = []
        after = 0
        with asking("what is pending cannot be read"):
            while len(found) < limit and (rows := self._pending_after(after, limit + len(self._marks))):
                found += [StoredCycle(one.seq, one.body) for one in self._sound(rows) if one.seq not in self._marks]
                after = rows[-1].seq
        return found[:limit]

    def newest_pending(self, limit: int) -> Sequence[StoredCycle]:
        """By two indexes, or a thinned cycle, whose number is new and whose poll is old, would pass for a new one."""
        most = limit + len(self._marks)
        with asking("what is pending cannot be read"):
            by_seq = self._rows(f"{SELECT} WHERE {IS_WAITING} AND place IS NULL ORDER BY seq DESC LIMIT ?", most)
            by_place = self._rows(
                f"{SELECT} WHERE {IS_WAITING} AND place IS NOT NULL ORDER BY place DESC LIMIT ?", most
            )
            newest = merged(by_seq, by_place, key=_newest_poll_first)
            sound = [one for one in self._sound(newest) if one.seq not in self._marks]
        return [StoredCycle(one.seq, one.body) for one in sound[:limit]]

    def set_aside(self, seq: int, reason: str) -> None:
        def write() -> None:
            with self._transaction():
                if self._waits(seq) and seq not in self._marks:
                    (digest,) = self._db.execute("SELECT digest FROM cycle WHERE seq = ?", (seq,)).fetchone()
                    self._db.execute("INSERT INTO aside VALUES (?, ?)", (seq, reason))
                    self._db.execute("UPDATE cycle SET sent = ? WHERE seq = ?", (aside_mark(digest), seq))

        self._surely(write, f"cycle {seq} could not be set aside; it will be sent again")
        with asking("what is pending cannot be counted"):
            self._count()

    def set_aside_cycles(self) -> Sequence[tuple[StoredCycle, str]]:
        with asking("what was set aside cannot be read"):
            found = self._db.execute("SELECT seq, body, reason FROM aside JOIN cycle USING (seq) ORDER BY seq")
            return [(StoredCycle(seq, body), reason) for seq, body, reason in found]

    def acknowledge(self, seqs: Iterable[int]) -> None:
        with asking("a delivery could not be marked; it will be sent again"):
            for seq in set(seqs) - self._marks:
                if self._waits(seq):
                    self._marks.add(seq)
                    self._backlog -= 1
        if len(self._marks) > MARKS_HELD:
            self.flush()

    def flush(self) -> None:
        if self._marks:
            self._surely(self._write_marks, "deliveries could not be marked; they will be sent again")

    def newest_first(self) -> Iterator[StoredCycle]:
        with asking("what was stored cannot be read"):
            by_seq = self._db.execute(f"{SELECT} WHERE place IS NULL ORDER BY seq DESC")
            by_place = self._db.execute(f"{SELECT} WHERE place IS NOT NULL ORDER BY place DESC")
            both = merged(map(Row._make, by_seq), map(Row._make, by_place), key=_newest_poll_first)
            for one in both:
                if one.whole:  # another one is quarantined when its turn to be sent comes
                    yield StoredCycle(one.seq, one.body)

    def backlog(self) -> int:
        return self._backlog

    def fullness(self) -> int:
        with asking("the room that is left cannot be told"):
            used = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
            return min(100, 100 * used // self._number("PRAGMA max_page_count"))

    def is_filling(self) -> bool:
        """Whether what waits takes more than 70 % of the room: delivered cycles go as soon as they are in the way."""
        return self.fullness() * self._backlog >= FILLING_PERCENT * max(1, self._cycles)

    def forget(self, keep: int) -> int:
        self.flush()
        if self._cycles == self._backlog + self._aside:  # at a full disk this is asked at every poll
            return 0
        last_to_go = self._last_seq - max(keep, 1)

        def delete() -> int:
            with self._transaction():
                found = list(self._db.execute(OLD_AND_SENT, (last_to_go,)))
                for seq in found:
                    self._db.execute("DELETE FROM cycle WHERE seq = ? AND sent = digest", seq)
            return len(found)

        gone = self._surely(delete, "delivered cycles could not be deleted")
        self._cycles -= gone
        return gone

    def as_polled(self, thinned_to: int, limit: int) -> Sequence[StoredCycle]:
        sql = f"{SELECT} WHERE {IS_WAITING} AND minutes = ? ORDER BY coalesce(place, seq) LIMIT ?"
        with asking("the backlog cannot be read"):
            rows = self._rows(sql, thinned_to, limit + len(self._marks))
            sound = [one for one in self._sound(rows) if one.seq not in self._marks]
        return [StoredCycle(one.seq, one.body) for one in sound[:limit]]

    def replace(self, merges: Sequence[Merge]) -> None:
        def write() -> None:
            with self._transaction():
                for merge in merges:
                    self._replace(merge)

        self._surely(write, "the backlog could not be thinned; it is as it was")
        with asking("what is pending cannot be counted"):
            self._count()

    def continue_after(self, seq: int) -> None:
        """Give numbers above `seq` only: what is still said about those of a lost store must not be taken for ours."""
        with asking("where to continue counting could not be stored"), self._transaction():
            self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'cycle'")
            self._db.execute("INSERT INTO sqlite_sequence VALUES ('cycle', ?)", (max(seq, self._last_seq),))
        self._last_seq = max(seq, self._last_seq)

    def adopt(self, rows: Iterable[Row]) -> None:
        """Store rows of another file as they are; those that are here stay. What was set aside there is tried again."""
        with asking("salvaged cycles could not be stored"), self._transaction():
            for one in rows:
                if not self._db.execute("SELECT 1 FROM cycle WHERE seq = ? OR poll = ?", one[:2]).fetchone():
                    insert(self._db, one._replace(sent=WAITING) if one.is_aside else one)
                    self._last_seq = max(self._last_seq, one.seq)
                    self._cycles, self._backlog = self._cycles + 1, self._backlog + (not one.delivered)

    def check(self, after: int, limit: int) -> int | None:
        """Look at so many rows after a seq and quarantine what is damaged; where to go on, None at the end.

        Reading every row finds the flipped bit that SQLite's own check does not; that one comes last, when the file is
        in the cache, and finds the rest. It is `integrity_check`, because an index that leads to another row would keep
        a cycle back for ever, and `quick_check` does not look. Raises `StoreDamaged`.
        """
        with asking("the store could not be checked"):
            rows = self._rows(f"{SELECT} WHERE seq > ? LIMIT ?", after, limit)
            for one in self._sound(rows):
                if one.sent != WAITING and not one.delivered and not one.is_aside:
                    self._db.execute("UPDATE cycle SET sent = ? WHERE seq = ?", (WAITING, one.seq))
                    self._backlog += 1
            if rows:
                return rows[-1].seq
            (said,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise StoreDamaged(f"{self.path}: {said}")
        return None

    def quarantined(self) -> Sequence[tuple[int, str]]:
        """Seq and reason of each row that was not what was written; its bytes are kept."""
        with asking("the quarantine cannot be read"):
            return list(self._db.execute("SELECT seq, reason FROM quarantine ORDER BY seq"))

    def checkpoint(self) -> None:
        """Bring everything into the main file and sync it."""
        with asking(f"{self.path} could not be brought up to date"):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """Write the marks that wait, and end the connection."""
        with suppress(Unavailable):  # what cannot be marked is sent again
            self.flush()
        self._db.close()

    def abandon(self) -> None:
        """End the connection and write nothing of ours."""
        self._db.close()

    def __del__(self) -> None:
        if hasattr(self, "_db"):  # not when the file could not even be opened
            self._db.close()  # Python 3.13 warns of connections that nobody closed; a power cut closes none

    # Writing

    def _store_cycle(self, poll: str, facts: tuple[Any, Any, Any], body: bytes) -> int:
        known = self._db.execute("SELECT seq FROM cycle WHERE poll = ?", (poll,)).fetchone()
        if known:
            return int(known[0])
        seq = self._highest_seq() + 1
        with self._transaction():
            insert(self._db, row(seq, poll, facts, None, 0, body))
            self._mark_sent()
        self._marks.clear()
        self._last_seq = seq
        self._cycles, self._backlog = self._cycles + 1, self._backlog + 1
        return seq

    def _write_marks(self) -> None:
        with self._transaction():
            self._mark_sent()
        self._marks.clear()

    def _mark_sent(self) -> None:
        for seq in self._marks:
            self._db.execute("UPDATE cycle SET sent = digest WHERE seq = ?", (seq,))

    def _replace(self, merge: Merge) -> None:
        found = self._db.execute(f"{SELECT} WHERE seq = ?", (merge.seqs[-1],)).fetchone()
        if found is None:
            return  # it was done before, by a commit that did not say so
        last = Row._make(found)
        for seq in merge.seqs:
            self._db.execute("DELETE FROM cycle WHERE seq = ?", (seq,))
        self._last_seq = self._highest_seq() + 1
        facts, place = (last.wall_ms, last.boot_ms, last.clock), last.place or last.seq
        insert(self._db, row(self._last_seq, last.poll, facts, place, merge.minutes, merge.body))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _surely(self, write: Callable[[], T], fault: str) -> T:
        """Write; after a fault of the disk write again, on the same connection: what happened is not known.

        This connection has rolled back, and writes the same frames of the WAL anew. Another one would read the frames
        of the failed commit, which the system takes for written though the disk never was, and build on them.
        """
        try:
            with asking(fault):
                return write()
        except (StoreFull, StoreDamaged):
            raise
        except Unavailable:
            with asking(fault):
                done = write()
                self._count()
            return done

    # Reading

    def _open(self) -> None:
        with asking(f"the outbox {self.path} cannot be opened"):
            self._db = self._connect(self.path)
            try:
                set_up(self._db, self.path, self._most_bytes, self._alone)
                prepare(self._db)
            except Exception:
                self._db.close()
                raise

    def _highest_seq(self) -> int:
        known = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'cycle'").fetchone()
        return int(known[0]) if known else 0

    def _count(self) -> None:
        """What is kept from here on: a store of 90 days has too many cycles to count them at every poll."""
        self._last_seq = self._highest_seq()
        self._marks = {seq for seq in self._marks if self._waits(seq)}
        self._cycles = self._number("SELECT count(*) FROM cycle")
        self._backlog = self._number(COUNT_WAITING) - len(self._marks)
        self._aside = self._number("SELECT count(*) FROM aside")

    def _waits(self, seq: int) -> bool:
        return self._db.execute(DOES_IT_WAIT, (seq,)).fetchone() is not None

    def _number(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    def _pending_after(self, after: int, limit: int) -> list[Row]:
        sql = f"{SELECT} WHERE {IS_WAITING} AND seq > ? ORDER BY seq LIMIT ?"
        return self._rows(sql, after, limit)

    def _rows(self, sql: str, *parameters: int) -> list[Row]:
        return [Row._make(found) for found in self._db.execute(sql, parameters)]

    def _sound(self, rows: Iterable[Row]) -> list[Row]:
        """Those that are what was written; the others go into quarantine with their bytes."""
        sound: list[Row] = []
        for one in rows:
            if one.whole:
                sound.append(one)
                continue
            with self._transaction():
                reason = "the row is not what was written: its digest differs"
                self._db.execute("INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?)", (one.seq, reason, one.body))
                self._db.execute("DELETE FROM cycle WHERE seq = ?", (one.seq,))
                self._db.execute("DELETE FROM aside WHERE seq = ?", (one.seq,))
            self._cycles -= 1
            self._aside -= one.is_aside
            self._backlog -= one.sent == WAITING and one.seq not in self._marks
            self._marks.discard(one.seq)
        return sound


def _newest_poll_first(one: Row) -> int:
    return -(one.place or one.seq)
