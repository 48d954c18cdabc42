"""The only place on the device that names its parts."""

from collections.abc import Collection

from adapters.messages import WattledgerWire
from application.ports import Meters, Outbox, Stream
from application.store_readings import StoreReadings
from application.upload_outbox import UploadOutbox
from edge.runtime import EdgeRuntime


def edge(device: str, meters: Meters, known_meters: Collection[str], outbox: Outbox, stream: Stream) -> EdgeRuntime:
    """A device as it starts: what it knew before is in the outbox."""
    wire = WattledgerWire()
    return EdgeRuntime(
        StoreReadings(meters, outbox, wire, known_meters),
        UploadOutbox(device, outbox, stream, wire),
    )
