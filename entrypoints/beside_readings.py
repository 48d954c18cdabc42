"""What is given beside the readings: published prices, and the demand of earlier months."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from adapters.bill_json import read_bills, remembered_in
from adapters.history_files import Remembered, read_history
from adapters.price_files import read_price_series
from domain.agreements import Agreements
from domain.arrays import PricedLoad, evidence_of
from domain.budget import over_budget
from domain.charges import MaximumDemand
from domain.errors import BadHistory, BadOption
from domain.evidence import months_in_words
from domain.tariff import Tariff
from domain.terms import History

MOST_BILLS = 1_000

__all__ = [
    "Remembered",
    "all_with_series",
    "history_of",
    "meter_history",
    "unknown_months",
    "with_series",
]


def with_series(tariff: Tariff, files: Mapping[str, Path], worth: Mapping[str, Decimal]) -> Tariff:
    """The tariff with the price series it names. `worth`: one unit of another currency in the tariff's.

    Raises `BadPriceSeries` for a file, `BadOption` for a series that no charge names.
    """
    asked = tariff.series_asked
    for name in files:
        if name not in asked:
            known = f"its series are {', '.join(asked)}" if asked else "none of its charges follows published prices"
            raise BadOption(f"--series {name}: tariff {tariff.id} does not ask for it; {known}")
    found = [read_price_series(path, name, tariff.currency, worth) for name, path in files.items()]
    return _within_budget(replace(tariff, series=(*tariff.series, *found)))


def _within_budget(tariff: Tariff) -> Tariff:
    """The same tariff. Raises `BadOption` where its prices could bring a bill beyond 64 bits."""
    for rates in tariff.rate_table.rates:
        fault = over_budget(tariff.charges, rates.values, tariff.series)
        if fault is not None:
            names = ", ".join(series.name for series in tariff.series)
            raise BadOption(f"--series {names}: tariff {tariff.id} from {rates.valid_from}: at these prices {fault}")
    return tariff


def all_with_series(agreements: Agreements, files: Mapping[str, Path], worth: Mapping[str, Decimal]) -> Agreements:
    """Each tariff with the series it names; a series must be asked for by one of them. Raises as `with_series`."""
    asked = {name for tariff in agreements.tariffs for name in tariff.series_asked}
    with_series(agreements.tariffs[0], {name: path for name, path in files.items() if name not in asked}, worth)
    found: dict[int, Tariff] = {}
    for tariff in agreements.tariffs:
        own = {name: path for name, path in files.items() if name in tariff.series_asked}
        found[id(tariff)] = with_series(tariff, own, worth) if own else tariff
    agreed = tuple(replace(one, tariff=found[id(one.tariff)]) for one in agreements.agreed)
    return replace(agreements, agreed=agreed)


def history_of(paths: Iterable[Path], tariffs: Sequence[Tariff]) -> Remembered:
    """Demand of earlier months by meter: of CSV and TOML files, of bills, and of folders of bills.

    Raises `BadHistory` for a file that cannot be understood, for a charge that looks back upon nothing, and where two
    files disagree.
    """
    codes, found = list(dict.fromkeys(code for tariff in tariffs for code in looking_back(tariff))), Remembered()
    name = ", ".join(tariff.id for tariff in tariffs)
    for path in paths:
        if not codes:
            raise BadHistory(f"--history {path}: no charge of tariff {name} looks back; leave the option out")
        is_bill = path.is_dir() or path.suffix == ".json"
        part = _of_bills(path, tariffs, codes) if is_bill else read_history(path)
        _check_codes(path, part, name, codes)
        _add(found, part, path)
    return found


def meter_history(remembered: Remembered, meter: str, meters: int) -> History:
    """What is remembered of one of so many meters. Raises `BadHistory` where nobody says of which meter it is."""
    whichever = remembered.get("", {})
    if whichever and meters > 1:
        raise BadHistory(
            f"--history does not say of which meter it is, and the readings are of {meters}; add a column meter"
        )
    own = remembered.get(meter, {})
    return {code: {**whichever.get(code, {}), **own.get(code, {})} for code in {*whichever, *own}}


def unknown_months(priced: PricedLoad) -> list[str]:
    """A note for each charge that looks back upon months that nobody told of."""
    notes: dict[str, str] = {}
    if not any(looking_back(tariff) for tariff in priced.tariffs):
        return []
    for bill, behind in zip(priced.bills, evidence_of(priced), strict=True):
        for line, evidence in zip(bill.lines, behind, strict=True):
            back = evidence.looked_back
            if back is not None and back.unknown and line.charge not in notes:
                notes[line.charge] = (
                    f"{line.label} of {bill.first:%Y-%m} looks back upon {len(back.known) + len(back.unknown)} months; "
                    f"not known: {months_in_words(back.unknown)}; give their kW with --history"
                )
    return list(notes.values())


def looking_back(tariff: Tariff) -> list[str]:
    """Codes of the charges that look back upon earlier months."""
    return [one.code for one in tariff.charges if isinstance(one, MaximumDemand) and (one.look_back or one.ratchet)]


def _of_bills(path: Path, tariffs: Sequence[Tariff], codes: Sequence[str]) -> Remembered:
    """What bills of the same structure remember, whatever their region and rates."""
    files = sorted(path.rglob("bill*.json")) if path.is_dir() else [path]
    if not 0 < len(files) <= MOST_BILLS:
        raise BadHistory(f"--history {path}: {len(files)} files bill*.json in it; there must be 1 to {MOST_BILLS:,}")
    structures = [tariff.id.partition(":")[0] for tariff in tariffs]
    found: Remembered = {}
    for file in files:
        bills = [bill for bill in read_bills(file) if bill.tariff.partition(":")[0] in structures]
        for meter, charge, month, kw in remembered_in(bills):
            if charge in codes:
                _add(found, {meter: {charge: {month: kw}}}, file)
    if not found:
        raise BadHistory(
            f"--history {path}: no bill of tariff {', '.join(structures)} in it has a demand that {', '.join(codes)} "
            "looks back upon; give earlier bills of the same tariff, or a CSV of charge, month and kW"
        )
    return found


def _check_codes(path: Path, part: Remembered, name: str, codes: Sequence[str]) -> None:
    for code in sorted({code for charges in part.values() for code in charges} - set(codes)):
        raise BadHistory(
            f"{path}: charge {code[:60]!r}: is none of tariff {name} that looks back; they are {', '.join(codes)}"
        )


def _add(found: Remembered, part: Remembered, path: Path) -> None:
    """Takes in another part; equal figures may be told twice."""
    for meter, charges in part.items():
        for code, months in charges.items():
            known = found.setdefault(meter, {}).setdefault(code, {})
            for month, kw in months.items():
                _check_same(path, code, month, known.get(month, kw), kw)
                known[month] = kw


def _check_same(path: Path, code: str, month: date, known: Fraction, kw: Fraction) -> None:
    if known != kw:
        raise BadHistory(
            f"{path}: {code} in {month:%Y-%m} is {float(kw):g} kW here and {float(known):g} kW elsewhere in --history; "
            "keep one"
        )
