"""The only place on the device that names its parts."""

from collections.abc import Collection

from adapters.messages import WattledgerWire
from adapters.sqlite_outbox import OutboxFolder
from application.make_room import MakeRoom
from application.ports import BootClock, Meters, Outbox, Stream
from application.store_readings import StoreReadings
from application.tend_outbox import TendOutbox
from application.upload_outbox import UploadOutbox
from edge.runtime import EdgeRuntime


def edge(
    device: str,
    meters: Meters,
    known_meters: Collection[str],
    outbox: Outbox,
    stream: Stream,
    clock: BootClock | None = None,
) -> EdgeRuntime:
    """A device as it starts: what it knew before is in the outbox."""
    care = outbox if isinstance(outbox, OutboxFolder) else None
    wire = WattledgerWire()
    make_room = MakeRoom(outbox, wire)
    upload = UploadOutbox(device, outbox, stream, wire)
    return EdgeRuntime(
        StoreReadings(meters, outbox, wire, known_meters, clock, make_room),
        upload,
        TendOutbox(make_room, upload, care),
    )
