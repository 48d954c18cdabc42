"""Tariffs as TOML files: the ones that ship (`adapters/tariffs/`) and anybody's own.

A structure file says what is charged, when and how; rate tables beside it hold the dated numbers of each region. Every
file is read strictly: whatever is unknown, missing or absurd is an `InvalidTariff` of one line that names the file, the
place in it, the value and the remedy. `docs/tariff-files.md` explains the format field by field.
"""

from adapters.tariff_files.catalogue import TariffFiles

__all__ = ["TariffFiles"]
