"""Meter profiles: which register of which meter is what, as TOML files that ship, or the user's own.

`catalogue` finds one by its id or path, `reading` turns files and faults into models and sentences, `modbus_schema` and
`mqtt_schema` are the strict shapes. docs/meters.md lists what ships.
"""

from adapters.meter_profiles.catalogue import MeterProfiles

__all__ = ["MeterProfiles"]
