"""The line to the cloud: what AWS Kinesis answers, or does not; and the records that wait behind it for a consumer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from adapters.memory import MemoryStream
from adapters.messages import WattledgerWire
from application.ports import StreamRecord

URL = "https://kinesis"
SIGNATURE_MAY_BE_OFF = timedelta(minutes=5)
CUT_OFF = "is taken, and then the line is cut"
LOST_REPLY, PARTLY, THROTTLED = "its reply gets lost", "takes every other record only", "is throttled"
EXPIRED, FORBIDDEN = "finds the credentials expired", "forbids it"
CODES = {
    THROTTLED: "ProvisionedThroughputExceededException",
    EXPIRED: "ExpiredTokenException",
    FORBIDDEN: "AccessDeniedException",
}


@dataclass
class Road(MemoryStream):
    """A stream whose waiting records may change places. `arrived` has all it ever took, by store and seq."""

    arrived: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def put(self, records: Sequence[StreamRecord]) -> Sequence[bool]:
        for record in records:
            upload = WattledgerWire().upload(record.data)
            self.arrived[upload.store, upload.seq] = record.data
        return super().put(records)

    def shuffle(self, chance: Random) -> None:
        waiting = self.records[self._read :]
        chance.shuffle(waiting)
        self.records[self._read :] = waiting

    @property
    def waiting(self) -> int:
        return len(self.records) - self._read

    @property
    def delivered(self) -> int:
        return self._read


@dataclass
class Endpoint:
    """What botocore's client is for `KinesisStream`. `trouble` happens to the next call; `signed_at` is its time."""

    road: Road
    now: Callable[[], datetime]
    signed_at: Callable[[], datetime]
    up: bool = True
    trouble: str = ""

    def put_records(self, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:  # noqa: N803  # AWS's names
        if not self.up:
            raise EndpointConnectionError(endpoint_url=URL)
        if abs(self.signed_at() - self.now()) > SIGNATURE_MAY_BE_OFF:
            raise self._error("InvalidSignatureException")
        trouble, self.trouble = self.trouble, ""
        if trouble in CODES:
            raise self._error(CODES[trouble])
        taken = [trouble != PARTLY or number % 2 == 1 for number in range(len(Records))]
        records = [StreamRecord(one["PartitionKey"], one["Data"]) for one in Records]
        self.road.put([record for record, ok in zip(records, taken, strict=True) if ok])
        if trouble == CUT_OFF:
            self.up = False
        if trouble in {LOST_REPLY, CUT_OFF}:
            raise ReadTimeoutError(endpoint_url=URL)
        answers = [{"SequenceNumber": "1"} if ok else {"ErrorCode": "InternalFailure"} for ok in taken]
        return {"Records": answers, **self._metadata()}

    def _error(self, code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "simulated"}, **self._metadata()}, "PutRecords")

    def _metadata(self) -> dict[str, Any]:
        return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(self.now(), usegmt=True)}}}
