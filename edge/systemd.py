"""What systemd wants to hear: that the device is up, that it is alive, what it does. Without systemd, nothing."""

import os
import socket
from collections.abc import Mapping


class Systemd:
    """Speaks to the socket that systemd names in the environment."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def ready(self) -> None:
        self._say("READY=1")

    def alive(self, doing: str) -> None:
        """The watchdog's question, answered; `doing` is shown by `systemctl status`."""
        self._say(f"WATCHDOG=1\nSTATUS={' '.join(doing.split())}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.connect(self._address)
                to.sendall(text.encode())
        except OSError:
            return  # systemd asks again, or restarts us: nothing better can be done from here
