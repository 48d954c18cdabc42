"""A client that reads less of botocore's data asks the same host and signs for the same region."""

from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError
from botocore.session import Session

from adapters.kinesis import ServerTime, kinesis_client
from adapters.kinesis.models import Models
from tests.line.conftest import DeviceTime, World

REGIONS = ("eu-west-1", "us-east-1", "mx-central-1", "sa-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1")


class Grabbed(Exception):
    """The request goes no further."""


def request_of(client: Any) -> tuple[str, str]:
    """The address that a put goes to, and the scope that it is signed for."""
    seen = []

    def grab(request: Any, **_: Any) -> None:
        seen.append((request.url, request.headers["Authorization"].decode().split(",")[0].split("/", 2)[2]))
        raise Grabbed

    client.meta.events.register("before-send.kinesis.PutRecords", grab)
    with pytest.raises(Grabbed):
        client.put_records(StreamName="readings", Records=[{"Data": b"data", "PartitionKey": "edge-1"}])
    client.close()
    return seen[0]


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_the_host_and_the_signature_that_botocore_itself_gives_it(
    world: World, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_KINESIS")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    clock = DeviceTime()
    ours, _ = kinesis_client(region, None, ServerTime(clock.now, clock.elapsed_s), None)
    theirs = Session().create_client("kinesis", region_name=region)
    assert (ours.meta.partition, ours.meta.endpoint_url) == (theirs.meta.partition, theirs.meta.endpoint_url)
    assert request_of(ours) == request_of(theirs)


def test_neither_the_services_of_all_the_world_nor_what_people_read_is_kept() -> None:
    models = Models()
    assert all(not one["services"] for one in models.load_data("endpoints")["partitions"])
    described = str(models.load_service_model("kinesis", "service-2"))
    assert "PutRecords" in described
    assert "documentation" not in described
    assert "'message'" in described, "only texts for people are left out"


def test_data_that_is_not_there_is_told_as_botocore_tells_it() -> None:
    with pytest.raises(DataNotFoundError):
        Models().load_data("nothing")
