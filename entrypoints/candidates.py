"""The tariffs of a comparison, each with the rates, contract, prices and history it would have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from adapters.tariff_files import TariffFiles
from application.compare_bills import Candidate
from domain.budget import check_contracted
from domain.errors import BadOption
from domain.money import EXACT
from domain.terms import Contract
from entrypoints import price_options as opt
from entrypoints.beside_readings import Remembered, all_with_series, history_of


@dataclass(frozen=True)
class FilesOf:
    """Files by what the user wrote before the `=`."""

    rates: Mapping[str, Path]
    series: Mapping[str, Path]
    history: Mapping[str, Path]


def names_of(tariffs: Sequence[str]) -> list[str]:
    """The tariffs by name, in order, however they were listed."""
    return [part.strip() for name in tariffs for part in name.split(",") if part.strip()]


def candidates_of(
    single: Sequence[str],
    agreed: Sequence[Path],
    rates: Sequence[str] | None,
    kw: Sequence[str] | None,
    files: FilesOf,
    worth: Mapping[str, Decimal],
    *,
    low_side: bool,
) -> list[Candidate]:
    """What files of agreements say, then the tariffs in their order, each with its own published prices."""
    stated = [Candidate(path.stem, opt.agreed_in(path)) for path in agreed]
    every = [*stated, *_tariffs(single, rates, kw, files, low_side=low_side)]
    written = [*(one.name for one in stated), *single]
    currency = every[0].tariff.currency if every else ""
    own_series = series_by_tariff(files.series, dict(zip(written, every, strict=True)))
    return [_priced(one, own_series[name], worth, currency) for name, one in zip(written, every, strict=True)]


def _priced(one: Candidate, series: Mapping[str, Path], worth: Mapping[str, Decimal], first: str) -> Candidate:
    """With its price series, in its own currency."""
    if not series:
        return one
    return replace(one, agreements=all_with_series(one.agreements, series, worth_in(worth, one.tariff.currency, first)))


def _tariffs(
    single: Sequence[str], rates: Sequence[str] | None, kw: Sequence[str] | None, files: FilesOf, *, low_side: bool
) -> list[Candidate]:
    """The tariffs by their names as they were written, each with its own rates and contract."""
    values = _by_tariff(opt.amounts(rates, "--rate", "TARIFF/CODE=AMOUNT"), single, "--rate")
    given_kw = opt.amounts(kw, "--contracted-kw", "PERIOD=KW or TARIFF/PERIOD=KW")
    check_contracted(given_kw, "--contracted-kw")
    powers = _by_tariff(given_kw, single, "--contracted-kw")
    if not_said := values.pop("", None):
        raise BadOption(f"--rate {next(iter(not_said))} does not say of which tariff; write TARIFF/CODE=AMOUNT")
    _check_names(files.rates, single, "--rates")
    shared, catalogue = powers.pop("", {}), TariffFiles()
    tariffs = [catalogue.get(name, files.rates.get(name), values.get(name, {})) for name in single]
    return [
        Candidate.of(tariff, Contract(_laid_over(shared, powers.get(name)), low_side))
        for name, tariff in zip(single, tariffs, strict=True)
    ]


def series_by_tariff(files: Mapping[str, Path], tariffs: Mapping[str, Candidate]) -> dict[str, dict[str, Path]]:
    """The series of each tariff: its own, and those for all where it asks for them. Raises `BadOption`."""
    found: dict[str, dict[str, Path]] = {name: {} for name in tariffs}
    for key in sorted(files, key=lambda key: "/" in key):  # a tariff's own file replaces the one for all
        tariff, _, series = key.rpartition("/")
        if tariff and tariff not in tariffs:
            raise BadOption(f"--series {key}: {tariff!r} is none of the tariffs; they are {', '.join(tariffs)}")
        asking = [tariff] if tariff else [name for name, one in tariffs.items() if series in _asked(one)]
        if not asking:
            raise BadOption(f"--series {key}: none of the tariffs asks for it")
        for name in asking:
            found[name][series] = files[key]
    return found


def _asked(one: Candidate) -> list[str]:
    return [name for tariff in one.agreements.tariffs for name in tariff.series_asked]


def worth_in(worth: Mapping[str, Decimal], currency: str, first: str) -> dict[str, Decimal]:
    """Rates of exchange into a tariff's currency, from those into the first one's."""
    if currency == first:
        return dict(worth)
    if currency not in worth:
        return {}
    into = {other: EXACT.divide(amount, worth[currency]) for other, amount in worth.items()}
    return {**into, first: EXACT.divide(Decimal(1), worth[currency])}


def remembered_by(names: Sequence[str], candidates: Sequence[Candidate], files: FilesOf) -> list[Remembered]:
    """For each tariff, what its own `--history` says."""
    _check_names(files.history, names, "--history")
    return [
        history_of([files.history[name]] if name in files.history else [], one.agreements.tariffs)
        for name, one in zip(names, candidates, strict=True)
    ]


def _check_names(files: Mapping[str, Path], names: Sequence[str], option: str) -> None:
    for name in files:
        if name not in names:
            raise BadOption(f"{option} {name}: {name!r} is none of the tariffs; they are {', '.join(names)}")


def worth_of_tariffs(
    worth: Mapping[str, Decimal], candidates: Sequence[Candidate], files: FilesOf
) -> dict[str, Decimal]:
    """The rates of exchange of tariffs; others may be there for prices, where there are any."""
    currencies = {one.tariff.currency for one in candidates}
    return {name: amount for name, amount in worth.items() if name in currencies or not files.series}


def _by_tariff(given: dict[str, Decimal], tariffs: Sequence[str], option: str) -> dict[str, dict[str, Decimal]]:
    """TARIFF/NAME=AMOUNT by tariff; what names none is under the empty name. Raises `BadOption`."""
    found: dict[str, dict[str, Decimal]] = {}
    for name, amount in given.items():
        tariff, _, own = name.rpartition("/")
        if tariff and tariff not in tariffs:
            raise BadOption(f"{option} {name}: {tariff!r} is none of the tariffs; they are {', '.join(tariffs)}")
        found.setdefault(tariff, {})[own] = amount
    return found


def _laid_over(shared: dict[str, Decimal], own: dict[str, Decimal] | None) -> dict[str, Decimal]:
    """A tariff's own kW in place of the shared; its own `all` replaces every one of the shared."""
    return {**({} if "all" in (own or {}) else shared), **(own or {})}
