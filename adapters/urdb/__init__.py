"""Tariffs from the U.S. Utility Rate Database (OpenEI URDB), API versions 7 and 8.

A record becomes a whole `Tariff`, or is refused with everything in it that a tariff cannot express: never a part of it.
`docs/urdb.md` tells what becomes of every field. Source: https://openei.org/services/doc/rest/util_rates/?version=8
"""

from adapters.urdb.importing import import_record
from adapters.urdb.records import Record, choose, read_records
from adapters.urdb.toml_text import to_toml

__all__ = ["Record", "choose", "import_record", "read_records", "to_toml"]
