"""Two small files beside the store: the canary, which knows when the disk lies, and the ballast, for a full one."""

import json
import os
from hashlib import blake2b
from pathlib import Path

from adapters.sqlite_outbox.files import Files

SLOT_BYTES = 512
"""One sector: what the power cuts off in the middle of one slot leaves the other as it was."""
BALLAST_BYTES = 1 << 20


class Canary:
    """The last seq that was committed, written and synced a second time, outside of SQLite.

    If it is ahead of the store after a restart, the disk said that something was safe which was not.
    """

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self._path, self._files = path, files or Files()

    def note(self, store: str, seq: int) -> None:
        """Raises `OSError`; a canary that cannot be written takes nothing from what is stored."""
        text = json.dumps([store, seq]).encode()
        slot = (_signed(text) + text).ljust(SLOT_BYTES, b"\0")
        self._files.write(self._path, slot, seq % 2 * SLOT_BYTES)

    def told(self) -> tuple[str, int] | None:
        """The store and seq last noted; None where there is nothing to trust."""
        try:
            content = self._path.read_bytes()[: 2 * SLOT_BYTES]
        except OSError:
            return None
        found = [_read(content[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
        return max((one for one in found if one), key=lambda one: one[1], default=None)

    def begin(self, store: str, seq: int) -> None:
        """A fresh store: what the last one said is over."""
        self._files.remove(self._path)
        self.note(store, seq)


class Ballast:
    """Room that is held back: a full disk refuses even the deletion of a row, because the WAL must log it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        return self._path.exists()

    def take_on(self) -> None:
        """Raises `OSError` where there is no room for it."""
        part = self._path.with_suffix(".part")
        file = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(file, 0, BALLAST_BYTES)
        finally:
            os.close(file)
        part.replace(self._path)

    def drop(self) -> None:
        self._path.unlink(missing_ok=True)


def _signed(text: bytes) -> bytes:
    return blake2b(text, digest_size=8).digest()


def _read(slot: bytes) -> tuple[str, int] | None:
    text = slot[8:].rstrip(b"\0")
    if not text or _signed(text) != slot[:8]:
        return None
    store, seq = json.loads(text)
    return str(store), int(seq)
