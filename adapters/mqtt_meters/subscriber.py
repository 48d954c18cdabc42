"""START HERE. Meters over MQTT: listen all the time, answer a poll from what came last.

The connection mends itself, waiting 30 s at most. The password is read from a file that nobody else may read, and is
not sent over a network in clear.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from adapters.mqtt_meters.inbox import Inbox, PushingMeter
from application.ports import Clock
from domain.errors import BadOption
from domain.measurement import Reading
from domain.meter_status import MeterStatus

LONGEST_DELAY_S = 30
MOST_PASSWORD_BYTES = 4096
MOST_PACKET_BYTES = 1 << 20
"""The largest message that a profile may allow has a quarter of it."""
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to listen. Secrets are paths of files, never values. `ca_file`: None for the machine's own authorities."""

    host: str
    port: int = 8883
    tls: bool = True
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None


class MqttMeters:
    """Meters that push. `start` before the first poll, `close` in the end; `statuses` tells of the last poll."""

    def __init__(self, name: str, broker: Broker, meters: Sequence[PushingMeter], clock: Clock) -> None:
        """`name` is this device's on the broker, where no one else may have it. Raises `BadOption`."""
        self.broker = broker
        self._inbox = Inbox(meters)
        self._topics = sorted({on.topic for on in meters})
        self._clock = clock
        self._without_line = f"{broker.host}:{broker.port} has not answered yet"
        self._statuses: dict[str, MeterStatus] = {}
        self._client = self._make(name)

    def start(self) -> None:
        """Begin to listen; returns at once, whether or not the broker is there."""
        self._client.connect_async(self.broker.host, self.broker.port)
        self._client.loop_start()

    def close(self) -> None:
        """Stop listening."""
        self._client.disconnect()
        self._client.loop_stop()

    def read(self, at: datetime) -> Sequence[Reading]:
        found = self._inbox.poll(at, self._without_line)
        self._statuses = {status.meter: status for _, status in found}
        return [reading for reading, _ in found if reading is not None]

    @property
    def statuses(self) -> Mapping[str, MeterStatus]:
        """By meter, of the last poll; empty before the first."""
        return self._statuses

    @property
    def is_connected(self) -> bool:
        """Whether the broker has taken our subscriptions."""
        return not self._without_line

    def _make(self, name: str) -> Client:
        client = _CappedClient(CallbackAPIVersion.VERSION2, client_id=name, clean_session=True)
        client.reconnect_delay_set(1, LONGEST_DELAY_S)
        _secure(client, self.broker)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        return client

    def _connected(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._without_line = f"{self.broker.host} refused the connection: {code}"
        elif self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])

    def _failed(self, _client: Client, _data: Any) -> None:
        certificate = ", or its certificate is not to be trusted" if self.broker.tls else ""
        self._without_line = f"{self.broker.host}:{self.broker.port} cannot be reached{certificate}"

    def _subscribed(
        self, _client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [topic for topic, code in zip(self._topics, codes, strict=False) if code.is_failure]
        self._without_line = f"{self.broker.host} refused the topic {refused[0]}" if refused else ""

    def _disconnected(
        self, client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self._without_line:
            said = getattr(client, "too_large", "") or str(code)
            self._without_line = f"the connection to {self.broker.host} is lost: {said}"

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # no topic that anybody subscribed to; an exception here would end the listening
            return
        self._inbox.take(topic, bytes(message.payload), message.retain, self._clock.now())


class _CappedClient(Client):
    """A client that takes no packet of a size that no meter sends: the library would make room for 256 MiB.

    There is no way to leave such a packet out of the stream, so the connection is given up, and opened again.
    """

    too_large = ""

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > MOST_PACKET_BYTES:
            self.too_large = (
                f"a packet of {bufsize} bytes came, and at most {MOST_PACKET_BYTES} are taken; find who publishes it"
            )
            raise ConnectionError(self.too_large)
        return super()._sock_recv(bufsize)


def _secure(client: Client, broker: Broker) -> None:
    if broker.user is not None and not broker.tls and broker.host not in THIS_MACHINE:
        raise BadOption(f"broker {broker.host}: user {broker.user!r} without tls sends the password in clear: set tls")
    if broker.user is not None:
        client.username_pw_set(broker.user, _password(broker.password_file))
    if not broker.tls:
        return
    context = ssl.create_default_context()
    try:
        if broker.ca_file is not None:
            context = ssl.create_default_context(cafile=broker.ca_file)
        if broker.certificate_file is not None:
            context.load_cert_chain(broker.certificate_file, broker.key_file, password=_no_passphrase)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = ", ".join(str(file) for file in (broker.ca_file, broker.certificate_file, broker.key_file) if file)
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise BadOption(f"broker {broker.host}: {files}: {said or type(error).__name__}; check the files") from error
    client.tls_set_context(context)


def _no_passphrase() -> str:
    """Without this, OpenSSL would ask on the terminal of a machine that has none."""
    return ""


def _password(file: Path | None) -> str | None:
    """The first line of a file that only its owner may read. Raises `BadOption`, never with what is in it."""
    if file is None:
        return None
    try:
        if file.stat().st_mode & 0o077:
            raise BadOption(f"{file}: others may read this password; chmod 600 it")
        with file.open("rb") as stream:
            content = stream.read(MOST_PASSWORD_BYTES + 1)
    except OSError as error:
        raise BadOption(f"{file}: cannot be read: {error.strerror}; check the path") from error
    line = content.partition(b"\n")[0].rstrip(b"\r")
    if not line or len(content) > MOST_PASSWORD_BYTES:
        raise BadOption(f"{file}: is no password; write it on the first line, and nothing else")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadOption(f"{file}: byte {error.start} is not UTF-8; save the file in UTF-8") from None
