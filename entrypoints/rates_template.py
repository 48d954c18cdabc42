"""A rate table to fill in: every number a structure needs, with its unit, and none that could be taken for one."""

from collections.abc import Iterator

from adapters.tariff_files.structure import StructureFile
from entrypoints.tariff_words import keys_of, unit_of

HEADING = """\
# Rates of your own for {id}: {name}.
# Write each number in quotes, as printed on the tariff or the bill, before tax; an empty one is refused. Then:
#   wattledger price READINGS --tariff {id} --rates THIS-FILE --out DIR
schema = "wattledger-rates/1"
tariff = "{id}"
region = "own"
evidence = ""  # optional: how far the numbers can be trusted

# Once for each span of days with rates of its own.
[[rates]]
valid_from =   # first day, like 2026-01-01
valid_to =     # first day without these rates; delete the line where they hold until further notice
source = ""    # where the numbers come from; printed on every line of the bill

[rates.values]
"""


def rates_template(structure: StructureFile) -> str:
    """The text of the table. Raises `InvalidTariff` when the structure contradicts itself."""
    return HEADING.format(id=structure.id, name=structure.name) + "\n".join(_values(structure)) + "\n"


def _values(structure: StructureFile) -> Iterator[str]:
    told: set[str] = set()
    for charge in structure.charges():
        keys = [key for key in keys_of(charge) if key not in told]
        told.update(keys)
        if keys:
            yield f"# {charge.label}"
        for key in keys:
            yield f'{key} = ""  # {unit_of(charge, key, structure.currency)}'
