"""`wattledger tariffs list|show`: the tariffs that ship, readable."""

import json
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from adapters.tariff_files import TariffFiles
from adapters.tariff_files.structure import DayPart, StructureFile
from domain.calendar import clock
from domain.charges import Charge
from domain.errors import BadOption
from domain.tariff import Rates, Tariff
from entrypoints import import_tariff
from entrypoints.rates_template import rates_template
from entrypoints.screen import OUT
from entrypoints.tariff_picture import pictures
from entrypoints.tariff_words import formula, keys_of, unit_of

app = typer.Typer(help="The tariffs that ship: list them, show one in full, or import one.", no_args_is_help=True)
app.command("import", help=import_tariff.HELP)(import_tariff.command)

BRING_YOUR_OWN = "bring your own rates: --rates FILE"
COUNTRIES = {"BR": "Brazil", "CL": "Chile", "ES": "Spain", "MX": "Mexico", "US": "United States"}
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_tariffs(
    word: Annotated[str, typer.Argument(help="Only those with it in their id, name or country: es-6.1td, chile.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every tariff that ships: what it is, its ids (for --tariff), and the dates their rates cover."""
    files = TariffFiles()
    found = [files.get(tariff) for tariff in files.ids()]
    found = [one for one in found if _is_meant(word, one)]
    bare = [one for one in map(files.structure, _without_rates(files)) if _is_meant(word, one)]
    if as_json:
        everything = [*map(_brief, found), *map(_brief_structure, bare)]
        typer.echo(json.dumps(everything, indent=1, ensure_ascii=False))
        return
    if not found and not bare:
        raise BadOption(f"no tariff that ships has {word!r} in its id, name or country; `wattledger tariffs list`")
    width = max((len(one.id) for one in found), default=0)
    for name, regions in groupby(found, lambda one: one.id.partition(":")[0]):
        OUT.print(f"\n{files.structure(name).name}", style="bold", highlight=False)
        for region in regions:
            for n, span in enumerate(region.rate_table.coverage.split(", ")):
                OUT.print(f"  {'' if n else region.id:{width}}  {span}", highlight=False)
    if bare:
        OUT.print(f"\nStructures without rates, {BRING_YOUR_OWN}", style="bold", highlight=False)
        for one in bare:
            OUT.print(f"{one.id}  {one.name}", highlight=False)
    OUT.print("\nShow one in full: wattledger tariffs show ID", style="dim", highlight=False)
    OUT.print("A rate table to fill in: wattledger tariffs show ID --rates-template", style="dim", highlight=False)


def _is_meant(word: str, one: Tariff | StructureFile) -> bool:
    said = f"{one.id} {one.name} {one.country} {COUNTRIES.get(one.country, '')}"
    return word.casefold() in said.casefold()


@app.command("show")
def show(
    tariff: Annotated[str, typer.Argument(help="A tariff id from `tariffs list`, or the path of a tariff file.")],
    rates: Annotated[Path | None, typer.Option(help="A rate table of your own.")] = None,
    template: Annotated[bool, typer.Option("--rates-template", help="Print a rate table to fill in.")] = False,
    as_json: AsJson = False,
) -> None:
    """One tariff: the periods of each kind of day, its charges with formula and source, and the latest rates."""
    files = TariffFiles()
    if template:
        typer.echo(rates_template(files.structure(tariff.partition(":")[0])), nl=False)
        return
    regions = _regions(tariff, files) if rates is None else []
    found = None if len(regions) > 1 or (rates is None and _is_bare(tariff, files)) else files.get(tariff, rates)
    structure = files.structure(tariff.partition(":")[0])
    if as_json:
        brief = _brief_structure(structure) if found is None else _brief(found)
        typer.echo(json.dumps(brief | _full(structure, found), indent=1, ensure_ascii=False))
        return
    told = f"rates by region: {', '.join(regions)}" if regions else BRING_YOUR_OWN
    for line in (*_heading(structure, found), *_calendar(structure), *_charges(structure, found, told)):
        OUT.print(line, highlight=False)


def _regions(name: str, files: TariffFiles) -> list[str]:
    """Full ids of a structure's tariffs where it has rates for several regions."""
    found = [one for one in files.ids() if one.startswith(f"{name}:")]
    return found if len(found) > 1 else []


def _is_bare(name: str, files: TariffFiles) -> bool:
    """Whether it is a structure and nothing tells its rates."""
    if name in files.structure_ids():
        return name in _without_rates(files)
    return name.endswith(".toml") and not files.structure(name).rates


def _without_rates(files: TariffFiles) -> list[str]:
    priced = {name.partition(":")[0] for name in files.ids()}
    return [name for name in files.structure_ids() if name not in priced]


def _heading(structure: StructureFile, tariff: Tariff | None) -> Iterator[Text]:
    name, identity = (structure.name, structure.id) if tariff is None else (tariff.name, tariff.id)
    yield Text(f"{identity}  ", style="bold").append(name, style="default")
    blocks = f"demand in blocks of {structure.demand_minutes} minutes"
    yield Text(f"{structure.country}, {structure.currency}, {structure.timezone}; {blocks}")
    yield Text(f"Source: {structure.source}")
    for note in structure.notes if tariff is None else tariff.notes:
        yield Text(f"Note: {' '.join(note.split())}")


def _calendar(structure: StructureFile) -> Iterator[Text]:
    yield Text("\nPeriods, local time", style="bold")
    yield from pictures(structure.calendar.to_domain())
    if len(structure.calendar.season) > 1:
        starts = (f"{season.name} from {_day_in_words(season.starts)}" for season in structure.calendar.season)
        yield Text(f"Seasons: {', '.join(starts)}")
    if structure.calendar.holiday:
        yield Text(f"Holidays: {'; '.join(dict.fromkeys(holiday.name for holiday in structure.calendar.holiday))}")


def _day_in_words(day: DayPart) -> str:
    month = date(2000, day.month or 1, 1).strftime("%B")
    if day.day is not None:
        return f"{day.day} {month}"
    order = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}.get(day.n or 0, f"{day.n}.")
    return f"the {order} {str(day.weekday).capitalize()} of {month}"


def _charges(structure: StructureFile, tariff: Tariff | None, bare: str) -> Iterator[Text | Padding]:
    rates = tariff.rate_table.rates[-1] if tariff else None
    dated = f"rates from {rates.valid_from} to {rates.valid_to or 'today'}" if rates else bare
    yield Text(f"\nCharges, {dated}", style="bold")
    for charge in structure.charges():
        yield Text(f"{charge.code}  ", style="bold").append(charge.label, style="default")
        yield _indented(formula(charge, structure.demand_minutes))
        if keys_of(charge):
            yield _indented(_rates(charge, rates, structure.currency))
        if source := getattr(charge, "source", ""):
            yield _indented(source, style="dim")
    if rates:
        yield Text(f"Rates: {rates.source}", style="dim")


def _rates(charge: Charge, rates: Rates | None, currency: str) -> str:
    """`base 0.8066, peak 1.7675 MXN per kWh`; the keys alone where there are no rates."""
    keys = keys_of(charge)
    units = " / ".join(dict.fromkeys(unit_of(charge, key, currency) for key in keys))
    if rates is None:
        return f"{', '.join(keys)}: {units}"
    values = ((key, f"{rates.values[key]:f}" if key in rates.values else "not known") for key in keys)
    said = (f"{key.removeprefix(charge.code).removeprefix('.')} {value}".strip() for key, value in values)
    return f"{', '.join(said)} {units}"


def _indented(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, 4), expand=False)


def _brief(tariff: Tariff) -> dict[str, Any]:
    return {
        "id": tariff.id,
        "name": tariff.name,
        "country": tariff.country,
        "currency": tariff.currency,
        "rates": [{"from": _day(rates.valid_from), "to": _day(rates.valid_to)} for rates in tariff.rate_table.rates],
        "version": tariff.version,
    }


def _brief_structure(structure: StructureFile) -> dict[str, Any]:
    """A structure without rates has no version: the version of a tariff is the hash of its rates, too."""
    named = {key: getattr(structure, key) for key in ("id", "name", "country", "currency")}
    return {**named, "rates": [], "version": None}


def _full(structure: StructureFile, tariff: Tariff | None) -> dict[str, Any]:
    minutes, charges = structure.demand_minutes, structure.charges()
    return {
        "timezone": structure.timezone,
        "source": structure.source,
        "notes": list(structure.notes if tariff is None else tariff.notes),
        "demand_minutes": minutes,
        "periods": [
            {"season": season, "day": day, "from": clock(w.from_minute), "to": clock(w.to_minute), "period": w.period}
            for (season, day), windows in structure.calendar.to_domain().schedules.items()
            for w in windows
        ],
        "charges": [
            {
                "code": charge.code,
                "label": charge.label,
                "group": charge.group,
                "formula": formula(charge, minutes),
                "source": getattr(charge, "source", ""),
                "rates": {key: unit_of(charge, key, structure.currency) for key in keys_of(charge)},
            }
            for charge in charges
        ],
        "rates": [
            {
                "from": _day(rates.valid_from),
                "to": _day(rates.valid_to),
                "source": rates.source,
                "values": {key: f"{value:f}" for key, value in rates.values.items()},
            }
            for rates in (tariff.rate_table.rates if tariff else ())
        ],
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
