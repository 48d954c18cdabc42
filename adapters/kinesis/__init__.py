"""The road to the cloud by Amazon Kinesis, and who the device is there: stream, temporary credentials, server time."""

from adapters.kinesis.iot_credentials import IotRoleAlias
from adapters.kinesis.server_time import ServerTime
from adapters.kinesis.stream import KinesisStream, host_of_stream, kinesis_client

__all__ = ["IotRoleAlias", "KinesisStream", "ServerTime", "host_of_stream", "kinesis_client"]
