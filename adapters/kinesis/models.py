"""What botocore loads to speak to Kinesis, without what only other services and people need: 10 MB less on a device.

botocore describes each service in JSON and reads these files through a loader that a session lets one replace. Its own
reads, for a client of one service, the endpoints of all 400 (7 MB in memory) and every sentence of the documentation.
The host of a request comes from the service's own rules all the same, which are read as they are.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader

OPENED_BY: dict[str, Any] = {".json": open, ".json.gz": gzip.open}
FOR_PEOPLE = {"documentation", "examples"}
KEPT_OF_A_PARTITION = ("regionRegex", "regions")


class ModelFiles(JSONFileLoader):  # type: ignore[misc]  # botocore ships no types
    """Reads a JSON file as plain dictionaries, without the documentation."""

    def load_file(self, file_path: str) -> Any:
        """What the file holds; None where there is none. `file_path` is without its suffix."""
        for suffix, opened in OPENED_BY.items():
            if (path := Path(file_path + suffix)).is_file():
                with opened(path, "rb") as file:
                    return json.loads(file.read(), object_pairs_hook=_without_documentation)
        return None


class Models(Loader):  # type: ignore[misc]  # botocore ships no types
    """botocore's loader; the endpoints are made of its table of partitions, which knows every region."""

    FILE_LOADER_CLASS = ModelFiles

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name != "endpoints":
            found: tuple[Any, str] = super().load_data_with_path(name)
            return found
        partitions, path = super().load_data_with_path("partitions")
        return {"version": 3, "partitions": [_as_endpoints(one) for one in partitions["partitions"]]}, path


def _as_endpoints(partition: dict[str, Any]) -> dict[str, Any]:
    """A partition as the endpoints' file has it, with no service that differs from the rest."""
    suffix = partition["outputs"]["dnsSuffix"]
    return {
        "partition": partition["id"],
        "partitionName": partition["id"],
        "dnsSuffix": suffix,
        "defaults": {
            "hostname": "{service}.{region}.{dnsSuffix}",
            "protocols": ["https"],
            "signatureVersions": ["v4"],
        },
        "services": {},
        **{key: partition[key] for key in KEPT_OF_A_PARTITION},
    }


def _without_documentation(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key not in FOR_PEOPLE or not isinstance(value, str)}
