"""What the store does with files besides SQLite, so that a power cut leaves either all of it or nothing.

A name is as safe as the folder it stands in: a file that was moved may be in neither place after a power cut, unless
the new folder was synced before the old one.
"""

import os
from pathlib import Path


class Files:
    """Changes of files and their names. Raises `OSError`."""

    def make_folder(self, folder: Path) -> None:
        """With those above it; their names are safe."""
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            self._make_one(one)
            self.sync_folder(one.parent)

    def write(self, path: Path, content: bytes, at: int = 0) -> None:
        """Write at a place of a file, which is created where it is not there, and sync it."""
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, content, at)
            os.fdatasync(file)
        finally:
            os.close(file)

    def move(self, old: Path, new: Path) -> None:
        """Into a folder of the same disk. Nothing is safe until both folders are synced, the new one first."""
        old.replace(new)

    def sync_folder(self, folder: Path) -> None:
        """The names in a folder are safe."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def touch(self, path: Path) -> None:
        """An empty file, whose name is not safe."""
        path.touch()

    def remove(self, path: Path) -> None:
        """Whether it is there or not; it may come back after a power cut."""
        path.unlink(missing_ok=True)

    def _make_one(self, folder: Path) -> None:
        folder.mkdir()
