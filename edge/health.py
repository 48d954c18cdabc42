"""The local health page: the device's status as JSON, on this machine only. 200 when all is well, 503 with problems."""

from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from domain.errors import BadSettings
from edge.status import Ask, as_json

LOOPBACK = "127.0.0.1"
LARGEST_ANSWER = 1 << 20
TIMEOUT_S = 5.0


class HealthPage:
    """Answers `GET /health` until it is closed. Raises `BadSettings` when the port is taken."""

    def __init__(self, port: int, ask: Ask) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT_S

            def do_GET(self) -> None:
                if self.path not in {"/", "/health"}:
                    self.send_error(404)
                    return
                status = ask()
                text = as_json(status).encode()
                self.send_response(503 if status.problems else 200)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing: a page that is asked every minute would fill the journal."""

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise BadSettings(
                f"health.port {port} cannot be used ({error.strerror}); is the device running already? "
                "Stop it, or choose another port"
            ) from error
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def ask_the_device(port: int) -> str | None:
    """The running device's own word, JSON; None when no device answers on the port."""
    connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        text = answer.read(LARGEST_ANSWER).decode("utf-8", errors="replace")
        return text if answer.status in {200, 503} else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
