"""The ports of what travels: how readings are written, and who signed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.upload import ClockFacts, Contents, ReadingPair, Thinned, Upload


class Signer(Protocol):
    """The device's own key. It never leaves the device."""

    def sign(self, content: bytes) -> bytes:
        """The signature of some bytes. Raises `NotAllowed` where the key cannot be used."""
        ...


class Signatures(Protocol):
    """Whether something was signed by a device that the registry knows the keys of."""

    def is_by_one_of(self, keys: Sequence[str], content: bytes, signature: bytes) -> bool:
        """`keys` as a supply point has them. False for whatever else it is; nothing is raised."""
        ...


@dataclass(frozen=True, slots=True)
class Signed:
    """What of a record is signed: device, store, number and body. `signature` is empty where nobody signed it."""

    content: bytes
    signature: bytes


class Wire(Protocol):
    """How readings are written, on the device's disk and on the road; the same bytes live and after weeks offline."""

    def body(
        self, readings: Sequence[ReadingPair], clock: ClockFacts | None = None, thinned: Thinned | None = None
    ) -> bytes:
        """One poll cycle, as the outbox keeps it."""
        ...

    def contents(self, body: bytes) -> Contents:
        """What a body holds. Raises `CannotUnderstand`."""
        ...

    def readings(self, body: bytes) -> Sequence[ReadingPair]:
        """The readings of a body. Raises `CannotUnderstand`."""
        ...

    def record(self, device: str, store: str, seq: int, body: bytes, signer: Signer | None = None) -> bytes:
        """A stored cycle with its identity, as the stream carries it; signed where there is a `signer`.

        Raises `NotAllowed` where it cannot sign.
        """
        ...

    def upload(self, data: bytes) -> Upload:
        """The upload that a record carries. Raises `CannotUnderstand`, whatever the bytes are."""
        ...

    def signed(self, data: bytes) -> Signed:
        """What of a record was signed, and how. Raises `CannotUnderstand`, whatever the bytes are."""
        ...
