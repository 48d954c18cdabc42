"""What a device meets, in a process of its own: a hundred meters, AWS IoT and a stream. `edge_plant FOLDER`.

Five gateways of twenty meters answer Modbus TCP, each gateway with another make; the two servers of the cloud speak TLS
on this machine, as they do in the tests. It writes the device's settings into the folder, says where the stream is, and
runs until its input ends; then it says what the stream holds. JSON, one object a line.
"""

import json
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from adapters.messages import MAGIC, SIGNED_MAGIC, WattledgerWire
from adapters.meter_profiles import MeterProfiles
from tests.line.authority import Authority
from tests.line.servers import Answer, FakeIot, FakeKinesis, serving
from tests.reference.meter_servers import HERE, MeterServer, SimulatedMeter, sane_values

MAKES = ("eastron.sdm630", "carlogavazzi.em340", "schneider.iem3x55", "siemens.pac3200", "accuenergy.acuvim2")
METERS_A_GATEWAY = 20
ADDED_WH, EVERY_S = Decimal(200), 1.0
SETTINGS = """
[device]
id = "edge-1"
zone = "Europe/Madrid"
main_meter = "gateway-0/meter-1"
[store]
folder = "{folder}/outbox"
[tariff]
id = "es-3.0td"
rates_of = "2025-12"
contracted_kw = {{ all = 450 }}
[upload]
stream = "readings"
region = "eu-west-1"
[identity]
endpoint = "{iot}"
role_alias = "meter-writer"
key = "{key}"
certificate = "{certificate}"
authority = "{authority}"
[health]
port = {health}
[sentry]
dsn_file = "{dsn}"
"""
BUS = '[[bus]]\nkind = "modbus-tcp"\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\n'
METER = (
    '[[meter]]\nname = "{bus}/meter-{unit}"\nbus = "{bus}"\nunit = {unit}\nprofile = "{make}"\nrated_power_kw = 400\n'
)


@dataclass
class PatientKinesis(FakeKinesis):
    """One stream, whose clock goes as fast as that of the device that asks."""

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer | None:
        signed = datetime.strptime(handler.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        self.ahead += signed - self.now()
        return super().answer(handler, body)


def main(folder: Path) -> None:
    stream, stopping = PatientKinesis(), threading.Event()
    with ExitStack() as stack:
        authority = Authority(folder, "authority")
        gateways = [stack.enter_context(MeterServer(meters_of(make))) for make in MAKES]
        counting = threading.Thread(target=count, args=(gateways, stopping), daemon=True)
        counting.start()
        stack.callback(stopping.set)
        iot = stack.enter_context(serving(FakeIot(), authority.server_context(clients=authority.file)))
        kinesis = stack.enter_context(serving(stream, authority.server_context()))
        write_settings(folder, authority, iot, [gateway.port for gateway in gateways])
        print(json.dumps({"AWS_ENDPOINT_URL_KINESIS": f"https://{kinesis}"}), flush=True)
        sys.stdin.read()
    wire = WattledgerWire()
    ours = {wire.upload(data).seq for data in stream.stored if data.startswith((MAGIC, SIGNED_MAGIC))}
    print(json.dumps({"records": len(stream.stored), "cycles": len(ours)}))


def meters_of(make: str) -> dict[int, SimulatedMeter]:
    profile = MeterProfiles().modbus(make)
    return {unit: SimulatedMeter(profile).show(sane_values()) for unit in range(1, METERS_A_GATEWAY + 1)}


def count(gateways: list[MeterServer], stopping: threading.Event) -> None:
    """Meters that consume: what shows the same energy for ever is no load."""
    shown = sane_values()
    while not stopping.wait(EVERY_S):
        shown["active_energy_import"] += ADDED_WH
        for gateway in gateways:
            for meter in gateway.units.values():
                meter.show(shown)


def write_settings(folder: Path, authority: Authority, iot: str, ports: list[int]) -> None:
    certificate, key = authority.issue("edge-1")
    dsn = folder / "sentry.dsn"
    dsn.write_text(f"http://key@{HERE}:1/1", encoding="utf-8")  # nobody listens: a device in order reports nothing
    dsn.chmod(0o600)
    text = SETTINGS.format(
        folder=folder, iot=iot, key=key, certificate=certificate, authority=authority.file, health=free_port(), dsn=dsn
    )
    for number, (make, port) in enumerate(zip(MAKES, ports, strict=True)):
        name = f"gateway-{number}"
        text += BUS.format(name=name, port=port)
        text += "".join(METER.format(bus=name, unit=u, make=make) for u in range(1, METERS_A_GATEWAY + 1))
    (folder / "edge.toml").write_text(text, encoding="utf-8")


def free_port() -> int:
    with socket.socket() as free:
        free.bind((HERE, 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
