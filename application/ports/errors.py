"""What goes wrong at a port: the few errors that adapters raise, each with its cause."""

from domain.errors import Refusal


class SomeoneElseWrote(Exception):
    """The stream moved on since it was loaded; nothing was stored."""


class Unavailable(Exception):
    """The outside did not answer, or not clearly; the same call may be made again."""


class StoreFull(Unavailable):
    """There is no room left. Free some (`Outbox.forget`, `Outbox.replace`), then ask again with the same key."""


class StoreDamaged(Unavailable):
    """The disk gives back something else than was written; this store cannot go on."""


class NotAllowed(Unavailable):
    """The other side refuses us, whatever we send, until a person changes something: nothing was taken."""


class RecordsRefused(Unavailable):
    """The call was refused for what is in it, and nothing was taken; a part of it may well be accepted."""


class CannotUnderstand(Refusal):
    """Bytes from outside that are no message of ours; they belong in quarantine."""
