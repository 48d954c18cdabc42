"""A device's identity and the servers it speaks to, all on this machine; nothing of this machine's own AWS settings."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.kinesis import IotRoleAlias, KinesisStream, ServerTime, kinesis_client
from tests.line.authority import Authority
from tests.line.servers import FakeIot, FakeKinesis, serving, wall


@dataclass
class DeviceTime:
    """The device's own clock: ahead or behind; `passed` seconds more since boot."""

    ahead: timedelta = timedelta(0)
    passed: float = 0.0

    def now(self) -> datetime:
        return wall() + self.ahead + timedelta(seconds=self.passed)

    def elapsed_s(self) -> float:
        return wall().timestamp() + self.passed


@dataclass
class World:
    """Authorities, servers, and what a device needs to reach them."""

    folder: Path
    stack: ExitStack
    patch: pytest.MonkeyPatch
    kinesis: FakeKinesis = field(default_factory=FakeKinesis)
    iot: FakeIot = field(default_factory=FakeIot)
    clock: DeviceTime = field(default_factory=DeviceTime)

    def __post_init__(self) -> None:
        self.authority = Authority(self.folder, "authority")
        self.certificate, self.key = self.authority.issue("edge-1")
        context = self.authority.server_context(clients=self.authority.file)
        self.iot_endpoint = self.stack.enter_context(serving(self.iot, context))
        self.kinesis_at(self.stack.enter_context(serving(self.kinesis, self.authority.server_context())))
        self.time = ServerTime(self.clock.now, self.clock.elapsed_s)

    def kinesis_at(self, endpoint: str, scheme: str = "https") -> None:
        self.patch.setenv("AWS_ENDPOINT_URL_KINESIS", f"{scheme}://{endpoint}")

    def identity(self, **other: object) -> IotRoleAlias:
        known: dict[str, object] = {
            **{"endpoint": self.iot_endpoint, "alias": "meter-writer", "thing": "edge-1", "key": self.key},
            **{"certificate": self.certificate, "authority": self.authority.file, "time": self.time},
        }
        return IotRoleAlias(**{**known, **other})  # type: ignore[arg-type]  # each as it is declared

    def stream(self, name: str = "readings", authority: Path | None = None, **identity: object) -> KinesisStream:
        who = self.identity(**identity)
        client, credentials = kinesis_client("eu-west-1", who, self.time, authority or self.authority.file)
        self.stack.callback(client.close)
        return KinesisStream(name, client, credentials, self.time)


MakeAuthority = Callable[[str], Authority]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with ExitStack() as stack:
        yield World(tmp_path, stack, monkeypatch)


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    """An authority that nobody here knows."""
    (tmp_path / "stranger").mkdir()
    return Authority(tmp_path / "stranger", "stranger")
