"""The device's outbox on SQLite: one file (`database`), and the folder around it that survives what one file cannot."""

from adapters.sqlite_outbox.database import SqliteOutbox
from adapters.sqlite_outbox.folder import Condition, OutboxFolder, look_at

__all__ = ["Condition", "OutboxFolder", "SqliteOutbox", "look_at"]
