"""A user's file of readings (CSV or Parquet) becomes `Load`s: strictly, exactly, and nothing is guessed in silence.

The user declares what the file cannot say (unit, time zone, step, what a stamp marks), as options or in a small TOML
beside the file. A row that cannot be understood stops the reading or goes to quarantine with its reason; it never costs
a good row. Start reading in `intake`.
"""

from adapters.meter_files.declaration import Declaration
from adapters.meter_files.declaring import load_declaration
from adapters.meter_files.intake import MeterFile, OnBadRow, RegisterFile, read_meter_file, read_registers
from adapters.meter_files.quarantine import RejectedRow, write_quarantine
from adapters.meter_files.taking import Wanted

__all__ = [
    "Declaration",
    "MeterFile",
    "OnBadRow",
    "RegisterFile",
    "RejectedRow",
    "Wanted",
    "load_declaration",
    "read_meter_file",
    "read_registers",
    "write_quarantine",
]
