"""Who the device is: its X.509 certificate, exchanged for temporary credentials at the AWS IoT credentials endpoint.

`IotRoleAlias.fetch` asks `role-aliases/<alias>/credentials` with mutual TLS and the thing's name; the role's policy
lets the device write only as itself. The server must be signed by the authority file that was installed, not by any
of the world's. `credentials_of` makes of it what botocore signs with: fetched when first needed, renewed in time.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from socket import gaierror

from botocore.credentials import CredentialProvider, DeferredRefreshableCredentials

from adapters.kinesis.server_time import ServerTime
from application.ports import NotAllowed, Unavailable

METHOD = "iot-role-alias"
LARGEST_ANSWER = 64 * 1024
TIMEOUT_S = 15
CUT_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""A handshake that the line ended. Nobody refused anybody: it is tried again like any other loss of the line."""
KEYS = {"access_key": "accessKeyId", "secret_key": "secretAccessKey", "token": "sessionToken"}


@dataclass(frozen=True)
class IotRoleAlias:
    """`endpoint` is a host, or host:port. `key`, `certificate` and `authority` are PEM files."""

    endpoint: str
    alias: str
    thing: str
    key: Path
    certificate: Path
    authority: Path
    time: ServerTime

    def fetch(self) -> dict[str, str]:
        """Temporary credentials as botocore names them, expiry in server time.

        Raises `Unavailable` when nobody answers, `NotAllowed` when we or they are not who they should be.
        """
        status, date, content = self._ask()
        self.time.learn(date)
        if status in {408, 429} or status >= 500:
            raise Unavailable(f"{self.endpoint} answers {status}; it is asked again later")
        if status != 200:
            raise NotAllowed(
                f"{self.endpoint} refuses thing {self.thing!r} for role alias {self.alias!r} ({status} "
                f"{_message(content)}); check that the certificate is active and attached to this thing and alias"
            )
        return _credentials(content, self.endpoint)

    def _ask(self) -> tuple[int, str | None, bytes]:
        connection = HTTPSConnection(self.endpoint, timeout=TIMEOUT_S, context=self._context())
        try:
            connection.connect()
            self._request(connection)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Date"), answer.read(LARGEST_ANSWER)
        except ssl.SSLCertVerificationError as error:
            raise NotAllowed(
                f"{self.endpoint} is not signed by {self.authority} ({error.verify_message}); check that file and the "
                "device's clock, and what stands between the device and the internet"
            ) from error
        except CUT_OFF as error:
            raise Unavailable(f"{self.endpoint}: the line ended within the TLS handshake ({error.reason})") from error
        except ssl.SSLError as error:
            raise self._refused(error) from error
        except gaierror as error:
            raise Unavailable(f"the name {self.endpoint} is not found ({error.strerror}); check DNS") from error
        except (OSError, HTTPException) as error:
            raise Unavailable(f"{self.endpoint} does not answer ({str(error) or type(error).__name__})") from error
        finally:
            connection.close()

    def _request(self, connection: HTTPSConnection) -> None:
        try:
            connection.request(
                "GET", f"/role-aliases/{self.alias}/credentials", headers={"x-amzn-iot-thingname": self.thing}
            )
        except CUT_OFF as error:  # in TLS 1.3 our certificate is judged after our handshake: who refuses it hangs up
            raise self._refused(error) from error

    def _refused(self, error: ssl.SSLError) -> NotAllowed:
        return NotAllowed(
            f"{self.endpoint} ends the TLS handshake ({error.reason or 'it hangs up'}); check that {self.certificate} "
            "is active and signed by an authority that is registered there"
        )

    def _context(self) -> ssl.SSLContext:
        """Read anew each time: a renewed certificate is used without a restart."""
        for file in (self.key, self.certificate, self.authority):
            if not file.exists():
                raise NotAllowed(
                    f"{file} is not there; `wattledger edge enroll` makes the key and the request for a certificate, "
                    "and docs/device.md tells whose root authority it is"
                )
        try:
            context = ssl.create_default_context(cafile=str(self.authority))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except PermissionError as error:
            raise NotAllowed(
                f"the identity in {self.key}, {self.certificate} and {self.authority} may not be read by this user; "
                "ask as the device's user (sudo -u wattledger), or give it the files: chown wattledger"
            ) from error
        except (OSError, ssl.SSLError) as error:
            said = getattr(error, "strerror", None) or error
            raise NotAllowed(
                f"the identity in {self.key}, {self.certificate} and {self.authority} cannot be used ({said}); "
                "make one with `wattledger edge enroll`"
            ) from error
        return context


class TemporaryCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]  # botocore ships no types
    """Renewed before they expire, by server time; `forget` makes the next use fetch new ones."""

    def forget(self) -> None:
        """The server says that they are no longer good."""
        with self._refresh_lock:
            self._frozen_credentials = None


class RoleAliasProvider(CredentialProvider):  # type: ignore[misc]  # botocore ships no types
    """For botocore's chain: the device's own identity, before anything that the environment may hold."""

    METHOD = METHOD

    def __init__(self, credentials: TemporaryCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> TemporaryCredentials:
        """Asks nobody yet: a device starts without a line."""
        return self._credentials


def credentials_of(identity: IotRoleAlias) -> TemporaryCredentials:
    """Credentials that know where they come from; nothing is fetched yet."""
    return TemporaryCredentials(identity.fetch, METHOD, identity.time.now)


def _credentials(content: bytes, endpoint: str) -> dict[str, str]:
    try:
        found = json.loads(content)["credentials"]
        known = {ours: _text(found, theirs) for ours, theirs in KEYS.items()}
        expiry = datetime.fromisoformat(_text(found, "expiration"))
        # in UTC, or botocore would ask this machine for its time zone
        return known | {"expiry_time": expiry.astimezone(UTC).isoformat()}
    except (ValueError, KeyError, TypeError, OverflowError):
        # without the cause: it would quote the answer, which holds secrets
        raise Unavailable(f"{endpoint} answers something that holds no credentials") from None


def _text(found: Mapping[str, object], key: str) -> str:
    value = found[key]
    if not isinstance(value, str) or not value:
        raise TypeError(key)
    return value


def _message(content: bytes) -> str:
    """The endpoint's own word, short and on one line."""
    try:
        said = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return "without a reason"
    return repr(str(said)[:120])


def _no_password() -> str:
    """OpenSSL would ask on the terminal for the password of an encrypted key, and a service has none."""
    return ""
