"""From the checked files to a `Tariff` of the domain, and the hash that names its content."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from adapters.tariff_files.rate_table import RateTableFile
from adapters.tariff_files.reading import Document, one_line
from adapters.tariff_files.structure import StructureFile
from domain.calendar import Window
from domain.errors import InvalidTariff
from domain.money import Rounding, RoundingMode
from domain.tariff import RateTable, Tariff


def build_tariff(
    document: Document,
    structure: StructureFile,
    table_document: Document,
    table: RateTableFile,
    overrides: Mapping[str, Decimal],
) -> Tariff:
    """Raises `InvalidTariff` that begins with the file at fault."""
    with _told_of(document):
        bare = _bare(structure)
    with _told_of(table_document):
        table = table.of(structure.id)
        rate_table = table.to_domain(bare.charges, overrides)
    return replace(
        bare,
        id=rate_table.id,
        name=f"{structure.name}, {table.region_name}" if table.region_name else structure.name,
        rate_table=rate_table,
        version=_version(structure, table, overrides),
        notes=(*structure.notes, *([table.evidence] if table.evidence else [])),
    )


def build_bare(document: Document, structure: StructureFile) -> Tariff:
    """A tariff whose rates come later. Raises `InvalidTariff` that begins with the file."""
    with _told_of(document):
        return replace(_bare(structure), version=_hash(_said_by(structure)), notes=tuple(structure.notes))


def check_structure(document: Document, structure: StructureFile) -> None:
    """Raises `InvalidTariff`, which begins with the file, where the structure contradicts itself."""
    with _told_of(document):
        _bare(structure)


def _bare(structure: StructureFile) -> Tariff:
    """The tariff without rates."""
    return Tariff(
        id=structure.id,
        name=structure.name,
        country=structure.country,
        currency=structure.currency,
        timezone=structure.timezone,
        source=structure.source,
        demand_minutes=structure.demand_minutes,
        calendar=structure.calendar.to_domain(),
        charges=structure.charges(),
        rounding=Rounding(structure.rounding.places, RoundingMode(structure.rounding.mode)),
        rate_table=RateTable(structure.id, "", ()),
        version="",
        splits_at_seasons=structure.season_change is not None,
        share_places=structure.share_places,
    )


@contextmanager
def _told_of(document: Document) -> Iterator[None]:
    """A fault inside begins with the file."""
    try:
        yield
    except InvalidTariff as fault:
        raise InvalidTariff(one_line(f"{document.path}: {fault}")) from fault


def _version(structure: StructureFile, table: RateTableFile, overrides: Mapping[str, Decimal]) -> str:
    """The hash of what the files say: comments, order of keys, trailing zeros and written defaults do not change it.

    Defaults are left out so that a field this format learns later changes no version of a file without it. Nor does
    `after_gap`, which says that days are known to lack.
    """
    told = table.model_dump(exclude_defaults=True, exclude={"rates": {"__all__": {"after_gap"}}})
    return _hash(_said_by(structure), told | {"tariff": structure.id}, dict(overrides))


def _said_by(structure: StructureFile) -> dict[str, Any]:
    return structure.model_dump(exclude={"rates"}, exclude_defaults=True)


def _hash(*said: Any) -> str:
    text = json.dumps(said, sort_keys=True, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case Window():
            return [value.from_minute, value.to_minute, value.period]
        case _:
            raise AssertionError(f"{type(value)} has no place in a tariff file")
