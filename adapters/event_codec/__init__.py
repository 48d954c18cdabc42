"""Events as stored bytes: names that are for ever, today's shapes, and the way from every older one to them."""

from adapters.event_codec.columns import UnknownEvent
from adapters.event_codec.packed import DamagedEvent, Measured
from adapters.event_codec.stored import (
    STORED_NAMES,
    STORED_SINCE,
    UPCASTS,
    decode,
    decode_measured,
    encode,
)

__all__ = [
    "STORED_NAMES",
    "STORED_SINCE",
    "UPCASTS",
    "DamagedEvent",
    "Measured",
    "UnknownEvent",
    "decode",
    "decode_measured",
    "encode",
]
