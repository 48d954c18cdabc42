"""Stream over Kinesis `PutRecords`. What botocore says becomes one of the port's few errors; retrying is the caller's.

AWS or the network says                      here
200, each record with its own result         True or False a record
throttled, internal failure, 5xx             `Unavailable`
no name, no route, time-out, cut off         `Unavailable`: whether the records were taken is unknown
expired or unknown token                     fetch credentials and ask once more, then `Unavailable`
signature too old or too new                 learn the server's time and ask once more, then `NotAllowed`
access denied, no such stream, KMS disabled  `NotAllowed`
a certificate that is not to be trusted      `NotAllowed`
validation error, too large                  `RecordsRefused`
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore import UNSIGNED
from botocore.auth import AUTH_TYPE_MAPS, SigV4Auth
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    SSLError,
)
from botocore.session import Session

from adapters.kinesis.iot_credentials import (
    CUT_OFF,
    IotRoleAlias,
    RoleAliasProvider,
    TemporaryCredentials,
    credentials_of,
)
from adapters.kinesis.models import Models
from adapters.kinesis.server_time import ServerTime
from application.ports import NotAllowed, RecordsRefused, StreamRecord, Unavailable

CREDENTIALS = {
    *("ExpiredToken", "ExpiredTokenException", "UnrecognizedClient", "UnrecognizedClientException"),
    *("InvalidClientTokenId", "InvalidToken"),
}
TIME = {"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
CONTENT = {
    *("ValidationException", "ValidationError", "InvalidArgumentException", "SerializationException"),
    *("RequestEntityTooLarge", "RequestEntityTooLargeException", "413"),
}
A_PERSON = {
    *("AccessDenied", "AccessDeniedException", "ResourceNotFoundException", "OptInRequired", "NotAuthorized"),
    *("KMSDisabledException", "KMSAccessDeniedException", "KMSInvalidStateException", "KMSNotFoundException"),
    *("KMSOptInRequired", "MissingAuthenticationToken", "IncompleteSignature"),
}
TOO_LARGE = 413
PUT_LIMITS = Config(  # retrying is ours: botocore's own knows neither the outbox nor the other devices
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=20
)


class KinesisStream:
    """Stream. One device, one stream; every record is put under the device's own partition."""

    def __init__(self, name: str, client: Any, credentials: TemporaryCredentials | None, time: ServerTime) -> None:
        self._name = name
        self._client = client
        self._credentials = credentials
        self._time = time

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        if not records:
            return []
        entries = [{"Data": record.data, "PartitionKey": record.partition} for record in records]
        try:
            answer = self._put(entries)
        except ClientError as error:
            answer = self._put_again(entries, error)
        self._time.learn(_header(answer, "date"))
        results = [not one.get("ErrorCode") and bool(one.get("SequenceNumber")) for one in answer.get("Records", ())]
        if len(results) != len(records):
            raise Unavailable(f"stream {self._name} answers for {len(results)} of {len(records)} records")
        return results

    def _put_again(self, entries: list[dict[str, Any]], error: ClientError) -> Mapping[str, Any]:
        """Once, after what can be mended here; otherwise what the error means."""
        code = _code(error)
        changed = self._time.learn(_header(error.response, "date"))
        if code in TIME and changed.total_seconds() < 1:
            raise _meaning(self._name, error) from error
        if code in CREDENTIALS and self._credentials is not None:
            self._credentials.forget()
        elif code not in TIME:
            raise _meaning(self._name, error) from error
        try:
            return self._put(entries)
        except ClientError as still:
            raise _meaning(self._name, still) from still

    def _put(self, entries: list[dict[str, Any]]) -> Mapping[str, Any]:
        """Raises `ClientError` for what AWS says, and the port's errors for what the network does."""
        try:
            answer: Mapping[str, Any] = self._client.put_records(StreamName=self._name, Records=entries)
        except SSLError as error:
            if _was_cut_off(error):
                raise Unavailable(f"stream {self._name}: the line ended within the TLS handshake ({error})") from error
            raise NotAllowed(
                f"the server of stream {self._name} is not to be trusted ({error}); check the authority file and the "
                "device's clock, and what stands between the device and the internet"
            ) from error
        except EndpointConnectionError as error:
            raise Unavailable(f"stream {self._name} is not reached ({error}); check DNS and the line") from error
        except NoCredentialsError as error:
            raise NotAllowed(f"stream {self._name} needs credentials ({error}); declare [identity]") from error
        except (HTTPClientError, BotoCoreError) as error:
            raise Unavailable(f"stream {self._name} does not answer clearly ({error})") from error
        return answer


def kinesis_client(region: str, identity: IotRoleAlias | None, time: ServerTime, authority: Path | None) -> Any:
    """A client that signs by server time, and its credentials (None: those of the environment). Asks nobody yet.

    `authority` is the PEM file that the server must be signed by; None trusts what botocore trusts.
    """
    session = Session()
    session.register_component("data_loader", Models())
    credentials = None if identity is None else credentials_of(identity)
    if credentials is not None:
        session.get_component("credential_provider").insert_before("env", RoleAliasProvider(credentials))
    client = session.create_client(
        "kinesis", region_name=region, config=PUT_LIMITS, verify=None if authority is None else str(authority)
    )
    signer = _signer_by(time)
    client.meta.events.register("choose-signer.kinesis", lambda **_: signer)
    return client, credentials


def host_of_stream(region: str) -> str:
    """Host, or host:port, that a stream of the region is asked at from here; nobody is asked."""
    session = Session()
    session.register_component("data_loader", Models())
    client = session.create_client("kinesis", region_name=region, config=Config(signature_version=UNSIGNED))
    try:
        return urlsplit(str(client.meta.endpoint_url)).netloc
    finally:
        client.close()


def _signer_by(time: ServerTime) -> str:
    """A signature version of its own, beside botocore's: the same arithmetic at the server's time."""

    class SigV4ByServerTime(SigV4Auth):  # type: ignore[misc]  # botocore ships no types
        def _modify_request_before_signing(self, request: Any) -> None:
            request.context["timestamp"] = f"{time.now():%Y%m%dT%H%M%SZ}"
            super()._modify_request_before_signing(request)

    name = f"v4-by-server-time-{id(time)}"
    AUTH_TYPE_MAPS[name] = SigV4ByServerTime
    return name


def _was_cut_off(error: BaseException) -> bool:
    """botocore wraps what urllib3 wraps: the cause is Python's own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, CUT_OFF):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _meaning(stream: str, error: ClientError) -> Unavailable:
    code = _code(error)
    said = f"stream {stream}: {code}: {str(error.response.get('Error', {}).get('Message', ''))[:200]}"
    if code in CONTENT or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == TOO_LARGE:
        return RecordsRefused(said)
    if code in A_PERSON:
        return NotAllowed(f"{said}; check the role of the device, the stream's name and region, and its key")
    if code in TIME:
        return NotAllowed(f"{said}; the signature is not accepted at the server's own time: check the credentials")
    return Unavailable(said)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _header(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(name)
    return None if value is None else str(value)
