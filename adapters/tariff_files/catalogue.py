"""Find a tariff: by the id of one that ships, or by the path of a file."""

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from adapters.tariff_files.building import build_bare, build_tariff, check_structure
from adapters.tariff_files.likeness import resolve
from adapters.tariff_files.rate_table import RateTableFile, full_id
from adapters.tariff_files.reading import RATES, STRUCTURE, Document, parse, read_toml
from adapters.tariff_files.structure import StructureFile
from domain.errors import InvalidTariff
from domain.tariff import Tariff

SHIPPED = Path(__file__).parents[1] / "tariffs"
MOST_NAMED = 6
NOTHING: Mapping[str, Decimal] = {}


class TariffFiles:
    """The tariffs of a folder and the folders in it; without a folder, the ones that ship."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or SHIPPED
        self._built: dict[str, Tariff] = {}

    def ids(self) -> tuple[str, ...]:
        """Ids of all tariffs that have rates: `structure:region`, or `structure` where the rates name no region."""
        return tuple(sorted(self._tables))

    def structure_ids(self) -> tuple[str, ...]:
        """Ids of all structures, with rates or without."""
        return tuple(sorted(self._structures))

    def structure(self, id_or_path: str) -> StructureFile:
        """A structure by id or path, checked but for its rates. Raises `InvalidTariff`."""
        document = self._own(id_or_path) if _is_path(id_or_path) else self._structure(id_or_path)
        structure = parse(document, StructureFile)
        check_structure(document, structure)
        return structure

    def get(
        self, id_or_path: str, rates_path: Path | None = None, overrides: Mapping[str, Decimal] = NOTHING
    ) -> Tariff:
        """A tariff ready to price with. Raises `InvalidTariff`.

        `id_or_path`: one of `ids()`, a structure id that has one region, or the path of a `.toml` structure file.
        `rates_path`: a rate table of one's own; then `id_or_path` names the structure, by id or by path.
        `overrides`: values by rate key, in currency or percent, that replace or complete every validity.
        """
        if rates_path is not None or overrides or id_or_path not in self._tables:
            return self._build(id_or_path, rates_path, overrides)
        if id_or_path not in self._built:
            self._built[id_or_path] = self._build(id_or_path, None, NOTHING)
        return self._built[id_or_path]

    def or_bare(self, id_or_path: str) -> Tariff:
        """As `get`; where neither the structure nor any table has rates, the tariff without them: they are published
        later. Raises `InvalidTariff`.
        """
        if self._has_rates(id_or_path):
            return self.get(id_or_path)
        if id_or_path not in self._built:
            document = self._own(id_or_path) if _is_path(id_or_path) else self._structure(id_or_path)
            self._built[id_or_path] = build_bare(document, parse(document, StructureFile))
        return self._built[id_or_path]

    def _has_rates(self, id_or_path: str) -> bool:
        """Whether rates are to be found; also for a name that is not there, which `get` then refuses."""
        if _is_path(id_or_path):
            return "rates" in self._own(id_or_path).content
        return id_or_path not in self._structures or any(
            name == id_or_path or name.startswith(f"{id_or_path}:") for name in self._tables
        )

    def _build(self, id_or_path: str, rates_path: Path | None, overrides: Mapping[str, Decimal]) -> Tariff:
        document, rates = self._documents_of(id_or_path, rates_path)
        structure = parse(document, StructureFile)
        table = structure.own_rates(document.path) if rates is document else parse(rates, RateTableFile)
        return build_tariff(document, structure, rates, table, overrides)

    def _documents_of(self, name: str, rates_path: Path | None) -> tuple[Document, Document]:
        """The structure and the rates; one document for both where it holds both."""
        if _is_path(name):
            own = self._own(name)
            return own, own if rates_path is None else _rate_table(rates_path)
        if rates_path is not None:
            return self._structure(name), _rate_table(rates_path)
        full = self._full_id(name)
        structure, table = self._structure(full.partition(":")[0]), self._tables[full]
        return structure, structure if table.is_structure else table

    def _own(self, path: str) -> Document:
        own = read_toml(Path(path))
        own.must_be(STRUCTURE, "is a rate table; name its tariff, and give this file with --rates")
        return resolve(own, self._as_written)

    def _structure(self, name: str) -> Document:
        return resolve(self._as_written(name), self._as_written)

    def _as_written(self, name: str) -> Document:
        if name in self._structures:
            return self._structures[name]
        alone, colon, _ = name.partition(":")
        if colon and alone in self._structures:
            raise InvalidTariff(
                f"tariff {name!r} has rates already; for a rate table of your own, name {alone!r} alone"
            )
        raise InvalidTariff(f"there is no structure {name!r}; {_known(name, tuple(self._structures))}")

    def _full_id(self, name: str) -> str:
        if name in self._tables:
            return name
        regions = [known for known in self.ids() if known.startswith(f"{name}:")]
        if len(regions) == 1:
            return regions[0]
        if regions:
            raise InvalidTariff(f"tariff {name!r} has rates for several regions; choose one of {', '.join(regions)}")
        if name in self._structures:
            raise InvalidTariff(f"tariff {name!r} has no rates here; give a rate table with --rates")
        raise InvalidTariff(f"there is no tariff {name!r}; {_known(name, (*self.ids(), *self._structures))}")

    @cached_property
    def _documents(self) -> tuple[Document, ...]:
        return tuple(read_toml(path) for path in sorted(self.folder.rglob("*.toml")))

    @cached_property
    def _structures(self) -> dict[str, Document]:
        return _unique((doc.text("id"), doc) for doc in self._documents if doc.is_structure)

    @cached_property
    def _tables(self) -> dict[str, Document]:
        """The document that holds the rates of each tariff, by full id."""
        inline = [(doc.text("id"), doc) for doc in self._documents if doc.is_structure and "rates" in doc.content]
        tables = [doc for doc in self._documents if not doc.is_structure]
        named = [(full_id(name, doc.text("region")), doc) for doc in tables for name in doc.names("tariff")]
        return _unique([*inline, *named])


def _is_path(name: str) -> bool:
    return name.endswith(".toml") or os.sep in name


def _rate_table(path: Path) -> Document:
    document = read_toml(path)
    document.must_be(RATES, "is no rate table; give one with --rates, or leave --rates out")
    return document


def _known(name: str, names: Sequence[str]) -> str:
    known = sorted(set(names))  # a structure that holds its own rates is a tariff of the same name
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:MOST_NAMED]
    few = f"near it: {', '.join(near)}" if near else "there are none here"
    return f"{few}; `wattledger tariffs list` shows all, and the path of a .toml file names your own"


def _unique(documents: Iterable[tuple[str, Document]]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for name, document in documents:
        if name in found:
            raise InvalidTariff(f"{document.path}: tariff {name!r} is in {found[name].path} too; rename one of them")
        found[name] = document
    return found
