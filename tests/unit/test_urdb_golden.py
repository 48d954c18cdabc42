"""Bills of 17 real URDB records on a real load, by another program; needs the shared data beside the repository.

The other program bills the whole of 2018 with each record, whatever its validity, without rounding, and without what
the record says of reactive power.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.tariff_files import TariffFiles
from adapters.urdb import choose, import_record, read_records, to_toml
from domain.arrays.load import Load
from domain.arrays.pricing import price_load
from domain.bill import Bill
from domain.tariff import RateTable, Tariff
from domain.terms import Contract

SHARED = Path(__file__).parents[3] / "shared" / "data"
GOLDEN, STEEL = SHARED / "urdb" / "golden.json", SHARED / "steel_2018_15min.csv"
WITHOUT_SUMMER_TIME = "Etc/GMT+8"
TOLERANCE = Decimal("0.005")
LABELS = (
    "55fc81b5682bea28da64e266",
    "55fc81be682bea28da64e8e0",
    "574db886682bea06cecd8dfc",
    "586ec8ea682bea4eea938603",
    "5a340da2682bea385ff389dc",
    "59c15b22682bea5ac337b17a",
    "574f4246682bea711bb49548",
    "586fd79f682bea08a10f2c7a",
    "586fd79f682bea08a10f2c80",
    "5b5b8b56682bea043833d502",
    "5b5b72ba682bea703c0c6488",
    "5b5ba3f3682bea17164e6fec",
    "5b5ba776682bea19a18280f8",
    "5b5bb586682bea24c4e3d75b",
    "5b5bb586682bea24c4e3d75f",
    "55fc80a0682bea28da63fdf2",
    "56b93a12682bea561c73d090",
)
REACTIVE = "demandreactivepowercharge"

Imported = Callable[[str], Tariff]


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    if not GOLDEN.exists():
        pytest.skip("the URDB records and their bills are not on this machine")
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8"), parse_float=Decimal)["bills"])


@pytest.fixture(scope="module")
def imported(golden: dict[str, Any]) -> Imported:
    def tariff(label: str) -> Tariff:
        record = choose(read_records(GOLDEN.parent / golden[label]["file"]), label)
        return import_record(record, WITHOUT_SUMMER_TIME, [REACTIVE] if REACTIVE in record.fields else [])

    return tariff


@pytest.fixture(scope="module")
def steel(golden: dict[str, Any]) -> Load:
    """The plant's year, ten times. The file stamps ends, and the end of a day with 00:00 of the same day."""
    with STEEL.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["date"], int(Decimal(row["Usage_kWh"]) * 10_000)) for row in csv.DictReader(file)]
    ends = [datetime.strptime(text, "%d/%m/%Y %H:%M") for text, _ in rows]  # noqa: DTZ007  # local, as it says
    starts = [end + timedelta(days=end.hour == end.minute == 0) - timedelta(minutes=15) for end in ends]
    assert starts == [datetime(2018, 1, 1) + timedelta(minutes=15 * n) for n in range(35_040)]  # noqa: DTZ001
    wh = np.array([energy for _, energy in rows], dtype=np.int64)
    return Load("steel", datetime(2018, 1, 1, 8, tzinfo=UTC), 15, wh, None, np.zeros(len(wh), dtype=np.uint8))


def year(tariff: Tariff, load: Load) -> tuple[Bill, ...]:
    rates = replace(tariff.rate_table.rates[0], valid_from=date(2018, 1, 1), valid_to=None)
    whole = replace(tariff, rate_table=RateTable(tariff.id, "", (rates,)))
    return price_load(load, whole, Contract(), ZoneInfo(WITHOUT_SUMMER_TIME)).bills


def gross_of(bill: Bill, group: str) -> Decimal:
    return sum((line.gross for line in bill.lines if line.group == group), Decimal(0))


@pytest.mark.parametrize("label", LABELS)
def test_a_real_record_bills_the_year_of_a_steel_plant(
    label: str, golden: dict[str, Any], imported: Imported, steel: Load
) -> None:
    expected, bills = golden[label], year(imported(label), steel)
    for group in ("energy", "flat_demand", "tou_demand"):
        for month, (bill, amount) in enumerate(zip(bills, expected["monthly_usd"][group], strict=True), 1):
            assert abs(gross_of(bill, group) - amount) < TOLERANCE, (group, month)
    fixed = sum(gross_of(bill, "fixed") for bill in bills)  # the other program spreads days evenly over months
    assert abs(fixed - expected["annual_usd"]["fixed"]) < TOLERANCE
    assert abs(sum(line.gross for bill in bills for line in bill.lines) - expected["annual_usd"]["total"]) < TOLERANCE


@pytest.mark.parametrize("label", LABELS)
def test_a_real_record_is_the_same_tariff_when_read_from_its_file(
    label: str, imported: Imported, tmp_path: Path
) -> None:
    tariff, path = imported(label), tmp_path / "own.toml"
    path.write_text(to_toml(tariff), encoding="utf-8")
    assert replace(TariffFiles().get(str(path)), version=tariff.version) == tariff


def test_the_list_of_labels_is_complete(golden: dict[str, Any]) -> None:
    assert sorted(LABELS) == sorted(golden)


def test_the_validity_is_that_of_the_record(golden: dict[str, Any], imported: Imported) -> None:
    for label, expected in golden.items():
        (rates,) = imported(label).rate_table.rates
        assert rates.valid_from.isoformat() == expected["start"]
        assert rates.valid_to is not None
        assert (rates.valid_to - timedelta(days=1)).isoformat() == expected["end"]
