"""The single database thread: whoever calls the outbox from whatever thread, one connection does the work.

SQLite on a device has one connection (two that checkpoint at once can corrupt the file below 3.51.3), and the poll must
not wait for the line. So poller, uploader and pricing each call the same outbox, and each call is short.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
AT_ONCE = 16
"""Rows fetched in one go: an iterator is walked in pieces, so that a poll may come in between."""


class StoreThread(Generic[T]):
    """Owns one object and the only thread that touches it. `shared` looks like the object."""

    def __init__(self, make: Callable[[], T]) -> None:
        """Raises what `make` raises."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            self._owned = self._executor.submit(make).result()
        except BaseException:
            self._executor.shutdown()
            raise
        self.shared = cast(T, _Shared(self._owned, self._executor))

    def close(self) -> None:
        """After what was asked for already, close the object and end the thread."""
        close: Callable[[], None] | None = getattr(self._owned, "close", None)
        if close is not None:
            self._executor.submit(close).result()
        self._executor.shutdown()


class _Shared:
    def __init__(self, owned: object, executor: ThreadPoolExecutor) -> None:
        self._owned = owned
        self._executor = executor

    def __getattr__(self, name: str) -> Any:
        found = self._executor.submit(getattr, self._owned, name).result()
        return found if not callable(found) else self._through(found)

    def _through(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            answer = self._executor.submit(method, *arguments, **named).result()
            return self._walk(answer) if isinstance(answer, Iterator) else answer

        return call

    def _walk(self, rows: Iterator[Any]) -> Iterator[Any]:
        while piece := self._executor.submit(_piece, rows).result():
            yield from piece


def _piece(rows: Iterator[Any]) -> list[Any]:
    return list(islice(rows, AT_ONCE))
