"""Servers on this machine that answer as AWS documents: Kinesis PutRecords, and the IoT credentials endpoint."""

import json
import socket
import ssl
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, Mapping[str, Any]]
FIVE_MINUTES = timedelta(minutes=5)
SLOW_S = 1.0


def wall() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass
class FakeKinesis:
    """One stream. `faults` are used up call by call; then everything is taken.

    A fault is a documented error code, a status with a code, "partial", "lost" (taken, and the reply lost),
    "slow" (taken, and no reply for a second), "closed".
    """

    stream: str = "readings"
    ahead: timedelta = timedelta(0)
    tokens: set[str] | None = None
    faults: list[str] = field(default_factory=list)
    too_large: int = 1 << 20
    stored: list[bytes] = field(default_factory=list)
    calls: int = 0

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer | None:
        self.calls += 1
        signed = datetime.strptime(handler.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        token = handler.headers.get("X-Amz-Security-Token", "")
        if abs(signed - self.now()) > FIVE_MINUTES:
            return 400, _error("InvalidSignatureException", "Signature not yet current")
        if self.tokens is not None and token not in self.tokens:
            return 400, _error("ExpiredTokenException", "The security token included in the request is expired")
        asked = json.loads(body)
        if asked["StreamName"] != self.stream:
            return 400, _error("ResourceNotFoundException", f"Stream {asked['StreamName']} not found")
        return self._put([b64decode(one["Data"]) for one in asked["Records"]])

    def _put(self, records: list[bytes]) -> Answer | None:
        fault = self.faults.pop(0) if self.faults else ""
        if any(len(data) > self.too_large for data in records):
            return 400, _error("ValidationException", "Member must have length less than or equal to 1048576")
        if fault == "closed":
            return None
        if fault == "slow":  # taken, and the answer comes when nobody waits for it any more
            self.stored += records
            time.sleep(SLOW_S)
            return None
        if fault and fault not in {"partial", "lost"}:
            status, _, code = fault.rpartition(" ")
            return int(status or 400), _error(code, "as told")
        rows = [self._one(data, not (fault == "partial" and i % 2)) for i, data in enumerate(records)]
        failed = sum("ErrorCode" in row for row in rows)
        return None if fault == "lost" else (200, {"FailedRecordCount": failed, "Records": rows})

    def _one(self, data: bytes, taken: bool) -> dict[str, str]:
        if not taken:
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
        self.stored.append(data)
        return {"SequenceNumber": str(len(self.stored)), "ShardId": "shardId-000000000000"}

    def now(self) -> datetime:
        return wall() + self.ahead


@dataclass
class FakeIot:
    """The credentials endpoint: one role alias, and things by the name in their certificates."""

    alias: str = "meter-writer"
    things: frozenset[str] = frozenset({"edge-1"})
    ahead: timedelta = timedelta(0)
    lifetime: timedelta = timedelta(hours=1)
    odd: list[Answer] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> Answer | None:
        peer = handler.connection.getpeercert()
        (name,) = [value for part in peer["subject"] for key, value in part if key == "commonName"]
        thing = handler.headers.get("x-amzn-iot-thingname")
        if self.odd:
            return self.odd.pop(0)
        if handler.path != f"/role-aliases/{self.alias}/credentials":
            return 404, {"message": "Role alias does not exist"}
        if thing != name or thing not in self.things:
            return 403, {"message": "Access Denied"}
        self.given.append(f"token-{len(self.given) + 1}")
        expiration = f"{self.now() + self.lifetime:%Y-%m-%dT%H:%M:%SZ}"
        keys = {"accessKeyId": "ASIAEXAMPLE", "secretAccessKey": "sesame", "sessionToken": self.given[-1]}
        return 200, {"credentials": {**keys, "expiration": expiration}}

    def now(self) -> datetime:
        return wall() + self.ahead


@contextmanager
def serving(service: FakeKinesis | FakeIot, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """`localhost:port` of a service for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = service.answer(self, body)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self.do_POST()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return f"{service.now():%a, %d %b %Y %H:%M:%S GMT}"

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hanging_up() -> Iterator[str]:
    """`localhost:port` of somebody who hears the first words of a handshake and hangs up, as a bad line does."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(10_000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve)
        thread.start()
        yield f"localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that fails is what some tests are about."""


def _error(code: str, message: str) -> dict[str, str]:
    return {"__type": code, "message": message}
