"""`wattledger ledger register|publish`: which supply point a ledger is of, and prices that became known."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from adapters.price_files import read_price_series
from adapters.site_files import Site, read_site
from adapters.tariff_files import TariffFiles
from application.published_tariffs import PublishPrices, PublishRates
from application.register_site import RegisterDeviceKeys, RegisterSite, SwapMeter
from domain.errors import BadOption
from domain.price_series import PriceSeries
from domain.registry import BEGINNING
from domain.site_events import AgreementChanged, MeterJoined, MeterLeft, SupplyPointEvent
from entrypoints import price_options as opt
from entrypoints.ledger_file import ASSUMED, DEFAULT, LedgerFile, OpenLedger
from entrypoints.screen import OUT

REGISTER = """Register a supply point from a site file, or what changed in it since; the ledger is made if need be.

Registering the same file twice changes nothing. Meters join and leave, agreements follow one another, meters are
swapped; what a bill was made from is never changed by it.
"""
PUBLISH = """Publish prices of a tariff that became known, late or changed: rates from a rate table file, or --series.

They count for their days, or hours, from now on. Months that are closed stay as they are until `wattledger ledger
rerate`; readings that waited for a price are recorded by `wattledger ledger replay`.
"""

SeriesFiles = Annotated[
    list[str] | None, typer.Option("--series", help="Prices by the hour or quarter, NAME=FILE. May repeat.")
]
Exchange = Annotated[
    list[str] | None,
    typer.Option("--rate-of-exchange", help="Of --series: CURRENCY=AMOUNT of the tariff's. May repeat."),
]


def register(
    site: Annotated[Path, typer.Argument(help="A site file (TOML).")],
    ledger: LedgerFile = DEFAULT,
) -> None:
    told = read_site(site)
    keys = _keys_of(told, site)
    opened = OpenLedger(ledger, make=True)
    for agreement in told.point.agreements:
        opened.tariffs.get(agreement.tariff)  # one that is not there is refused now, not at the first reading
    events = RegisterSite(opened.store.sites)(told.point)
    swap = SwapMeter(opened.store.sites)
    swapped = [one for one in told.swaps if swap(told.point.id, one)]
    lines = [*map(_said, events), *(f"meter {one.meter} swapped at {one.at.isoformat()}" for one in swapped)]
    if keys is not None and RegisterDeviceKeys(opened.store.sites)(told.point.id, keys):
        lines.append(_said_of_keys(told.point.device, len(keys)))
    for line in lines or ["nothing new"]:
        OUT.print(f"{told.point.id}: {line}", markup=False, highlight=False, soft_wrap=True)
    for tariff in dict.fromkeys(agreement.tariff for agreement in told.point.agreements):
        for note in _lacking(opened, tariff):
            OUT.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)


def publish(
    tariff: Annotated[str, typer.Option(help="The tariff as the supply points have it.")],
    rates: Annotated[Path | None, typer.Argument(help="A rate table file (TOML).")] = None,
    ledger: LedgerFile = DEFAULT,
    series: SeriesFiles = None,
    rate_of_exchange: Exchange = None,
) -> None:
    files = opt.files(series, "--series", "NAME=FILE")
    if rates is None and not files:
        raise BadOption("nothing to publish; give a rate table file, or --series NAME=FILE, or both")
    opened = OpenLedger(ledger)
    tariff = _as_agreed(opened, tariff)
    currency, worth = opened.tariffs.get(tariff).currency, opt.exchange(rate_of_exchange)
    told = [read_price_series(path, name, currency, worth) for name, path in files.items()]
    if rates is not None:
        _publish_rates(opened, tariff, rates)
    _publish_series(opened, tariff, told)


def _publish_rates(opened: OpenLedger, tariff: str, rates: Path) -> None:
    name, _, _ = tariff.partition(ASSUMED)
    structure = name if name.endswith(".toml") else name.partition(":")[0]
    found = TariffFiles().get(structure, rates_path=rates).rate_table.rates
    publishing = PublishRates(opened.tariffs, opened.store.rates)
    for one in found:
        publishing(tariff, one)
        until = f"until {one.valid_to}" if one.valid_to else "on"
        _say(f"{tariff}: rates from {one.valid_from} {until}")


def _publish_series(opened: OpenLedger, tariff: str, told: Sequence[PriceSeries]) -> None:
    """All or none of them."""
    zone = ZoneInfo(opened.tariffs.get(tariff).timezone)
    new = PublishPrices(opened.tariffs, opened.store.rates)(tariff, told)
    for one in told:
        found = next((each for each in new if each.name == one.name), None)
        if found is None:
            _say(f"{tariff}: {one.name}: nothing new")
            continue
        many = sum(price is not None for price in found.prices_micro)
        first, end = (at.astimezone(zone).isoformat(" ", "minutes") for at in (found.start, found.end))
        _say(f"{tariff}: {one.name}: {many:,} prices of {one.minutes} min, {first} to {end}")


def _say(line: str) -> None:
    OUT.print(line, markup=False, highlight=False, soft_wrap=True)


def _lacking(opened: OpenLedger, tariff: str) -> Iterator[str]:
    """What must be published before readings can be priced by a tariff."""
    known = opened.tariffs.get(tariff)
    if not known.rate_table.rates:
        yield f"{tariff} has no rates yet: `wattledger ledger publish RATES.toml --tariff {tariff}`"
    for name in known.series_asked:
        if all(series.name != name for series in known.series):
            command = f"`wattledger ledger publish --series {name}=FILE --tariff {tariff}`"
            yield f"{tariff} has no prices of {name} yet: {command}"


def _as_agreed(opened: OpenLedger, tariff: str) -> str:
    """The tariff as supply points have it: rates of any other would be published for nobody. Raises `BadOption`."""
    agreed = sorted({agreement.tariff for point in opened.points() for agreement in point.agreements})
    same = (one for one in agreed if one == tariff or Path(one).absolute() == Path(tariff).absolute())
    found = next(same, None)
    if found is None:
        known = f"they are billed by {', '.join(agreed)}" if agreed else "there is none"
        raise BadOption(f"--tariff {tariff}: no supply point here is billed by it; {known}")
    return found


def _keys_of(told: Site, site: Path) -> list[str] | None:
    """None where the file says nothing of keys. Raises `BadOption` before anything is done."""
    if told.device_keys is None:
        return None
    from adapters.device_key import registrable  # most site files have no key

    return [registrable(key, f"{site}: device_keys") for key in told.device_keys]


def _said_of_keys(device: str, many: int) -> str:
    if not many:
        return f"device {device} need not sign what it sends"
    return (
        f"what device {device} sends counts only if it is signed by {'its key' if many == 1 else f'one of {many} keys'}"
    )


def _said(event: SupplyPointEvent) -> str:
    match event:
        case MeterJoined():
            since = "from the beginning" if event.since == BEGINNING else f"since {event.since.isoformat()}"
            return f"meter {event.meter} counts {since}"
        case MeterLeft():
            return f"meter {event.meter} left at {event.at.isoformat()}"
        case AgreementChanged():
            return f"billed by {event.tariff} since {event.since}"
    return f"registered, device {event.device}" if hasattr(event, "device") else str(event)
