"""A real MQTT broker on a free port of this machine, in a thread of its own, with TLS where a test asks for it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from amqtt.broker import Broker  # type: ignore[import-untyped]
from amqtt.contexts import BrokerConfig  # type: ignore[import-untyped]
from amqtt.plugins.base import BaseAuthPlugin  # type: ignore[import-untyped]
from amqtt.session import Session  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = "127.0.0.1"
EVERYONE: dict[str, Any] = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


class OnlyWithPassword(BaseAuthPlugin):  # type: ignore[misc]
    """Lets in one user with one password."""

    async def authenticate(self, *, session: Session) -> bool:
        return (session.username, session.password) == (self.config.user, self.config.password)

    @dataclass
    class Config:
        """Who that is."""

        user: str
        password: str


@contextmanager
def broker(certificate: tuple[Path, Path] | None = None, login: tuple[str, str] | None = None) -> Iterator[int]:
    """A broker: gives its port. `certificate` and its key make it speak TLS; without `login` it lets everyone in."""
    only = {f"{__name__}.{OnlyWithPassword.__name__}": {"user": login[0], "password": login[1]}} if login else EVERYONE
    listener: dict[str, Any] = {"type": "tcp", "bind": f"{HERE}:0"}
    if certificate is not None:
        listener |= {"ssl": True, "certfile": str(certificate[0]), "keyfile": str(certificate[1])}
    started, stopping, ports = threading.Event(), threading.Event(), list[int]()

    async def serve() -> None:
        server = Broker(BrokerConfig.from_dict({"listeners": {"default": listener}, "plugins": only}))
        await server.start()
        (listening,) = server._servers.values()
        ports.append(listening.instance.sockets[0].getsockname()[1])
        started.set()
        while not stopping.is_set():
            await asyncio.sleep(0.02)
        await server.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="broker")
    thread.start()
    assert started.wait(20), "the broker did not start"
    try:
        yield ports[0]
    finally:
        stopping.set()
        thread.join(20)


def self_signed(folder: Path, address: str) -> tuple[Path, Path]:
    """A certificate for an address that is its own authority, and its key."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365 * 80))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption_algorithm=plain)
    )
    return files
