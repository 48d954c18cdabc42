"""One thread touches the store, whoever calls."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from adapters.sqlite_outbox import SqliteOutbox
from application.ports import Unavailable
from edge.store_thread import AT_ONCE, StoreThread


class Witness:
    """Notes which thread called."""

    def __init__(self) -> None:
        self.threads = {threading.get_ident()}

    @property
    def name(self) -> str:
        self.note()
        return "store"

    def note(self) -> int:
        self.threads.add(threading.get_ident())
        return 7

    def rows(self) -> Iterator[int]:
        for number in range(3 * AT_ONCE):
            self.note()
            yield number

    def refuse(self) -> None:
        raise Unavailable("the disk is full")

    def close(self) -> None:
        self.note()


def test_every_call_of_every_thread_is_made_by_the_one() -> None:
    made: list[Witness] = []

    def make() -> Witness:
        made.append(Witness())
        return made[0]

    store = StoreThread(make)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: store.shared.note(), range(20))) == {7}
    assert store.shared.name == "store"
    assert list(store.shared.rows()) == list(range(3 * AT_ONCE))
    assert list(islice(store.shared.rows(), 3)) == [0, 1, 2]
    store.close()
    assert len(made[0].threads) == 1
    assert threading.get_ident() not in made[0].threads


def test_between_the_pieces_of_a_long_walk_others_get_their_turn() -> None:
    store = StoreThread(Witness)
    walk = store.shared.rows()
    assert next(walk) == 0
    assert store.shared.note() == 7
    assert len(list(walk)) == 3 * AT_ONCE - 1
    store.close()


def test_a_refusal_reaches_the_caller() -> None:
    store = StoreThread(Witness)
    with pytest.raises(Unavailable, match="full"):
        store.shared.refuse()
    store.close()


def test_a_store_that_cannot_be_opened_refuses_at_once(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        StoreThread(lambda: SqliteOutbox(tmp_path / "no folder" / "outbox.sqlite"))
