"""The ledger into a view: batched, each event once, because the view keeps its position where it keeps its rows."""

from application.ports import Ledger, View

EVENTS_PER_STEP = 2000


def catch_up(ledger: Ledger, view: View, limit: int = EVENTS_PER_STEP) -> int:
    """Bring a view up to the ledger's end, and give how many events it took.

    Raises `Unavailable`, and `SomeoneElseWrote` when another process moved the view: call again.
    """
    taken = 0
    while entries := ledger.after(position := view.position(), limit):
        view.apply(position, entries)
        taken += len(entries)
    return taken


def rebuild(ledger: Ledger, view: View) -> int:
    """Forget the view and build it again from the first event: it is then what it was, byte for byte."""
    view.clear()
    return catch_up(ledger, view)
