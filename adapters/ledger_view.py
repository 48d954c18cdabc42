"""A view of the ledger in a SQLite file: energy and cost by meter, day and line, and the bills.

    rules       how each device and day is priced (the first event of the day)
    energy      Wh and varh by meter, day and period
    cost        nano-currency by meter, day and line: provisional, and what corrections took back
    coverage    intervals measured, estimated and in gaps, and corrections, by meter and day
    bill        each bill that ever was, by supply point, month and number, with what its close or re-rate added
    position    how far the view has come

All sums are integers in TEXT, because SQLite's integers end at 64 bits. `energy`, `cost`, `coverage` and `bill` are for
any tool that reads SQLite; the others are the view's own.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path

from adapters.event_codec import decode, encode
from application.ports import LedgerEntry, SomeoneElseWrote, Unavailable
from domain.daily_cost import DailyCost, DailyCosts
from domain.events import (
    DayJoined,
    DayOpened,
    GapDeclared,
    PeriodClosed,
    PeriodRerated,
    ReadingCorrected,
    ReadingsPriced,
)

TABLES = {
    "rules": "device TEXT, day TEXT, name TEXT NOT NULL, event BLOB NOT NULL, PRIMARY KEY (device, day)",
    "energy": "supply_point TEXT, meter TEXT, day TEXT, period TEXT, wh TEXT NOT NULL, varh TEXT NOT NULL, "
    "PRIMARY KEY (supply_point, meter, day, period)",
    "cost": "supply_point TEXT, meter TEXT, day TEXT, line TEXT, currency TEXT, live_nano TEXT NOT NULL, "
    "reversed_nano TEXT NOT NULL, PRIMARY KEY (supply_point, meter, day, line, currency)",
    "coverage": "supply_point TEXT, meter TEXT, day TEXT, measured INTEGER NOT NULL, estimated INTEGER NOT NULL, "
    "in_gaps INTEGER NOT NULL, corrections INTEGER NOT NULL, PRIMARY KEY (supply_point, meter, day)",
    "bill": "supply_point TEXT, month TEXT, number INTEGER, total TEXT NOT NULL, currency TEXT NOT NULL, "
    "tariff TEXT NOT NULL, recorded_at TEXT NOT NULL, true_up_nano TEXT NOT NULL, "
    "PRIMARY KEY (supply_point, month, number)",
    "position": "one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL",
}
RULES_KEPT_WARM = 512
LOCK_TIMEOUT_S = 5


class LedgerView:
    """View. One connection; two processes on one file take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rules: dict[tuple[str, date], DayOpened] = {}
        with self._translated():
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=LOCK_TIMEOUT_S)
            self._connection.execute("PRAGMA journal_mode = WAL")
        with self._transaction():
            for name, columns in TABLES.items():
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) STRICT, WITHOUT ROWID")

    def position(self) -> int:
        with self._translated():
            found = self._connection.execute("SELECT value FROM position").fetchone()
            return int(found[0]) if found else 0

    def apply(self, after: int, entries: Sequence[LedgerEntry]) -> None:
        with self._transaction():
            if self.position() != after:
                raise SomeoneElseWrote(f"{self._path} is no longer at position {after}")
            days: dict[tuple[str, date], DailyCosts] = {}
            for entry in entries:
                match entry.event:
                    case DayOpened():
                        self._remember(entry.device, entry.event)
                    case DayJoined() if entry.day is not None:
                        opened = self._rules_of(entry.device, entry.day).joined_by(entry.event)
                        self._remember(entry.device, opened)
                        if (entry.device, entry.day) in days:
                            days[entry.device, entry.day].join(opened)
                    case PeriodClosed() | PeriodRerated():
                        self._bill(entry, entry.event)
                    case ReadingsPriced() | ReadingCorrected() | GapDeclared() as event if entry.day is not None:
                        key = (entry.device, entry.day)
                        if key not in days:
                            days[key] = DailyCosts(self._rules_of(*key))
                        days[key].see(event)
                    case _:
                        continue  # a day that closes changes no sum
            for sums in days.values():
                self._add(sums)
            self._connection.execute("INSERT OR REPLACE INTO position VALUES (1, ?)", (entries[-1].position,))

    def clear(self) -> None:
        self._rules.clear()
        with self._transaction():
            for name in TABLES:
                self._connection.execute(f"DELETE FROM {name}")  # noqa: S608  # a name of ours

    def digest(self) -> str:
        with self._translated():
            digest = sha256()
            for name in TABLES:
                digest.update(f"{name}\n".encode())
                for row in self._connection.execute(f"SELECT * FROM {name}"):  # noqa: S608  # in the order of its key
                    digest.update(f"{row!r}\n".encode())
            return digest.hexdigest()

    def close(self) -> None:
        self._connection.close()

    def _remember(self, device: str, opened: DayOpened) -> None:
        name, data = encode(opened)
        self._connection.execute(
            "INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?)", (device, str(opened.day), name, data)
        )
        self._keep_warm(device, opened)

    def _keep_warm(self, device: str, opened: DayOpened) -> None:
        if len(self._rules) >= RULES_KEPT_WARM:
            self._rules.clear()
        self._rules[device, opened.day] = opened

    def _rules_of(self, device: str, day: date) -> DayOpened:
        if (device, day) not in self._rules:
            found = self._connection.execute(
                "SELECT name, event FROM rules WHERE device = ? AND day = ?", (device, str(day))
            ).fetchone()
            opened = decode(*found) if found else None
            if not isinstance(opened, DayOpened):
                raise Unavailable(f"{device} {day} has events, but the view did not see it open; rebuild the view")
            self._keep_warm(device, opened)
        return self._rules[device, day]

    def _add(self, sums: DailyCosts) -> None:
        point, opened = sums.opened.supply_point, sums.opened
        for meter, day, cost in sums.by_meter():
            key = (point, meter, str(day))
            self._add_energy(key, opened, cost)
            self._add_cost(key, opened, cost)
            self._connection.execute(
                "INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "measured = measured + excluded.measured, estimated = estimated + excluded.estimated, "
                "in_gaps = in_gaps + excluded.in_gaps, corrections = corrections + excluded.corrections",
                (*key, cost.measured, cost.estimated, cost.in_gaps, cost.corrections),
            )

    def _add_energy(self, key: tuple[str, str, str], opened: DayOpened, cost: DailyCost) -> None:
        known = self._known("SELECT period, wh, varh FROM energy WHERE supply_point = ? AND meter = ? AND day = ?", key)
        for period, wh, varh in zip(opened.periods, cost.wh, cost.varh, strict=True):
            if wh or varh or period in known:
                known[period][0] += wh
                known[period][1] += varh
        rows = [(*key, period, str(wh), str(varh)) for period, (wh, varh) in known.items()]
        self._connection.executemany("INSERT OR REPLACE INTO energy VALUES (?, ?, ?, ?, ?, ?)", rows)

    def _add_cost(self, key: tuple[str, str, str], opened: DayOpened, cost: DailyCost) -> None:
        known = self._known(
            "SELECT line, live_nano, reversed_nano FROM cost WHERE supply_point = ? AND meter = ? AND day = ?", key
        )
        for line, live, back in zip(opened.line_codes, cost.live_nano, cost.reversed_nano, strict=True):
            if live or back or line in known:
                known[line][0] += live
                known[line][1] += back
        rows = [(*key, line, opened.currency, str(live), str(back)) for line, (live, back) in known.items()]
        self._connection.executemany("INSERT OR REPLACE INTO cost VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _known(self, query: str, key: tuple[str, str, str]) -> dict[str, list[int]]:
        found = defaultdict[str, list[int]](lambda: [0, 0])
        for name, *amounts in self._connection.execute(query, key):
            found[name] = [int(amount) for amount in amounts]
        return found

    def _bill(self, entry: LedgerEntry, closed: PeriodClosed | PeriodRerated) -> None:
        bill, point = closed.bill, closed.supply_point
        month = f"{bill.first:%Y-%m}"
        (before,) = self._connection.execute(
            "SELECT count(*) FROM bill WHERE supply_point = ? AND month = ?", (point, month)
        ).fetchone()
        recorded_at, true_up = entry.recorded_at.isoformat(), _json(closed.true_up_nano)
        row = (point, month, before + 1, str(bill.total), bill.currency, bill.tariff, recorded_at, true_up)
        self._connection.execute("INSERT INTO bill VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._rules.clear()  # they may name days that are not in the file now
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Unavailable(f"the view {self._path} cannot be used now: {error}") from error


def _json(amounts: Mapping[str, int]) -> str:
    return json.dumps(dict(sorted(amounts.items())))
