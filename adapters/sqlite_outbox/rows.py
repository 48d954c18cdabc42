"""The tables, and what makes a row trustworthy: a digest over every column, kept in the row.

SQLite has no checksums of its own pages; a flipped bit in a body would be sent as if it had been measured. The digest
also covers `seq`, so that a row which a confused disk put elsewhere is no row. `sent` is zero, the digest
(delivered) or the digest with every bit turned (set aside): no accident makes a cycle look as if it need not be sent.
"""

from hashlib import blake2b
from typing import Any, NamedTuple

from adapters.sqlite_outbox.connecting import Connection

SCHEMA_VERSION = 3
DIGEST_BYTES = 8
WAITING = bytes(DIGEST_BYTES)
"""`sent` of a cycle that is not delivered. As long as a digest: marking a row in a full file must not make it grow."""
IS_WAITING = f"sent = X'{WAITING.hex()}'"

TABLES = (
    """CREATE TABLE IF NOT EXISTS cycle(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    poll TEXT NOT NULL UNIQUE,
    wall_ms INTEGER,
    boot_ms INTEGER,
    clock INTEGER,
    place INTEGER,
    minutes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    sent BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT""",
    f"CREATE INDEX IF NOT EXISTS pending ON cycle(seq) WHERE {IS_WAITING}",
    "CREATE INDEX IF NOT EXISTS thinned ON cycle(place) WHERE place IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS identity(store TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS aside(seq INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS quarantine(seq INTEGER PRIMARY KEY, reason TEXT NOT NULL, bytes BLOB NOT NULL) STRICT",
)
COLUMNS = "seq, poll, wall_ms, boot_ms, clock, place, minutes, digest, sent, body"


class Row(NamedTuple):
    """A cycle as it lies in the file. `place` is the seq whose place in the order of polls it took; None: its own."""

    seq: int
    poll: str
    wall_ms: int | None
    boot_ms: int | None
    clock: int | None
    place: int | None
    minutes: int
    digest: bytes
    sent: bytes
    body: bytes

    @property
    def whole(self) -> bool:
        """It is what was written."""
        return self.digest == digest(self)

    @property
    def delivered(self) -> bool:
        return self.sent == self.digest

    @property
    def is_aside(self) -> bool:
        return self.sent == aside_mark(self.digest)


def row(seq: int, poll: str, clock: tuple[Any, Any, Any], place: int | None, minutes: int, body: bytes) -> Row:
    """A row to be written, with its digest."""
    unsigned = Row(seq, poll, *clock, place, minutes, b"", WAITING, body)
    return unsigned._replace(digest=digest(unsigned))


def aside_mark(digest: bytes) -> bytes:
    """`sent` of a cycle that the line will never take; as long as a digest, for the same reason."""
    return bytes(byte ^ 0xFF for byte in digest)


def digest(one: Row) -> bytes:
    told = repr((one.seq, one.poll, one.wall_ms, one.boot_ms, one.clock, one.place, one.minutes, len(one.body)))
    return blake2b(told.encode() + one.body, digest_size=DIGEST_BYTES).digest()


def insert(db: Connection, one: Row) -> None:
    db.execute(f"INSERT INTO cycle({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", one)  # noqa: S608  # ours


def prepare(db: Connection) -> None:
    """Create the tables, or bring those of an older version to today's shape; all or nothing."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    db.execute("BEGIN")
    old = version == 0 and db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cycle'").fetchone()
    if old:
        db.execute("ALTER TABLE cycle RENAME TO cycle_of_version_1")
        db.execute("DROP INDEX pending")
    for table in TABLES:
        db.execute(table)
    if old:
        _take_over(db)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _take_over(db: Connection) -> None:
    """Version 1 had no digests, no clock facts, and a flag for delivered cycles."""
    for seq, poll, body, sent in db.execute("SELECT seq, poll, body, sent FROM cycle_of_version_1 ORDER BY seq"):
        taken = row(seq, poll, (None, None, None), None, 0, body)
        insert(db, taken._replace(sent=taken.digest if sent else WAITING))
    db.execute("DROP TABLE cycle_of_version_1")
